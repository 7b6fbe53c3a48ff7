// Starts what moves on the page, when all of it has been read.

const chosen = remembered();
setTheme(chosen === "dark" || chosen === "light" ? chosen : "");
for (const figure of document.querySelectorAll("figure.timeline")) new Timeline(figure);
