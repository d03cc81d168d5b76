// In the frame of the widget: Escape closes it, and the page around it may ask for the focus. No word of what is read or
// typed leaves the frame.
"use strict";
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) parent.postMessage("cairn:close", "*");
});
addEventListener("message", (event) => {
  const field = document.querySelector("input[type=search]");
  if (event.source === parent && event.data === "cairn:open" && field) field.focus();
});
