"""The designs: ways of running jobs in processes of this machine, with no broker."""
