"""A project of a user's: functions of many kinds, and the tasks of an app without a broker."""
