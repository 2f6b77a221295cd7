// Runs before anything is painted: a set that is coming is not announced by the empty page. app.js knows better, later.
document.body.dataset["view"] = location.hash.startsWith("#set=") ? "set" : "empty";
