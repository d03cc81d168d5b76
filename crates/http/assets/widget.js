// The help center inside another site: one button, and a frame that is made when it is first opened. Everything of the
// help center stays in the frame; this script reads nothing of the page it stands on and keeps nothing.
"use strict";
(() => {
  const own = document.currentScript;
  if (window.CairnWidget || !own) return;
  const { portal, locale, label = "Help", close = "Close" } = own.dataset;
  const origin = new URL(own.src).origin;
  const parts = [portal, locale, "widget"].filter(Boolean).map(encodeURIComponent);
  const make = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    element.append(...inside);
    return element;
  };
  const style = new CSSStyleSheet();
  style.replaceSync(
    ":host{all:initial;color-scheme:light dark}" +
    "button{font:600 15px/1.2 ui-sans-serif,-apple-system,'Segoe UI',Roboto,sans-serif;cursor:pointer;border:0;border-radius:99px}" +
    "button:focus-visible{outline:3px solid Highlight;outline-offset:2px}" +
    ".open{position:fixed;inset-block-end:1rem;inset-inline-end:1rem;z-index:2147483000;min-block-size:44px;padding:.6rem 1.2rem;background:var(--cairn-button,#00604c);color:var(--cairn-button-text,#fff);box-shadow:0 2px 10px #0004}" +
    ".panel{position:fixed;inset-block-end:4.5rem;inset-inline-end:1rem;z-index:2147483001;inline-size:min(25rem,100vi - 2rem);block-size:min(40rem,100dvb - 6rem);display:flex;flex-direction:column;overflow:hidden;border:1px solid #8886;border-radius:12px;background:Canvas;color:CanvasText;box-shadow:0 8px 40px #0005}" +
    ".panel[hidden]{display:none}" +
    ".shut{align-self:flex-end;min-block-size:36px;padding:.3rem .9rem;margin:.25rem;background:none;color:inherit}" +
    "iframe{flex:1;border:0;inline-size:100%;background:Canvas}" +
    "@media (width < 30rem){.panel{inset:0;inline-size:auto;block-size:auto;border:0;border-radius:0}}" +
    "@media (prefers-reduced-motion:no-preference){.panel{animation:a .14s ease-out}@keyframes a{from{opacity:0;translate:0 .5rem}}}"
  );
  const open = make("button", { class: "open", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "panel" }, label);
  const shut = make("button", { class: "shut", type: "button" }, close);
  const panel = make("div", { class: "panel", id: "panel", role: "dialog", "aria-label": label, hidden: "" }, shut);
  const host = make("cairn-widget");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [style];
  root.append(open, panel);
  let frame;

  const greet = () => {
    if (panel.hidden) return;
    frame.focus();
    frame.contentWindow.postMessage("cairn:open", origin);
  };
  const show = () => {
    panel.hidden = false;
    open.setAttribute("aria-expanded", "true");
    if (frame) return greet();
    frame = make("iframe", {
      title: label,
      src: origin + "/" + parts.join("/"),
      referrerpolicy: "no-referrer",
      sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
    });
    frame.addEventListener("load", greet, { once: true });
    panel.append(frame);
  };
  const hide = () => {
    if (panel.hidden) return;
    panel.hidden = true;
    open.setAttribute("aria-expanded", "false");
    open.focus();
  };
  open.addEventListener("click", () => (panel.hidden ? show() : hide()));
  shut.addEventListener("click", hide);
  root.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.origin === origin && event.data === "cairn:close") hide();
  });
  document.body.append(host);
  window.CairnWidget = { open: show, close: hide };
})();
