// The theme that the reader has chosen, before anything is drawn: Django's admin has no place for it in its markup.
document.documentElement.dataset.theme = document.currentScript?.dataset.theme
