// Suggestions under every search field of a page (ARIA combobox with a listbox). Whatever fails here fails silently:
// the field is a plain form, and Enter sends it.
"use strict";
document.querySelectorAll("form[role=search]").forEach((form, n) => {
  const WAIT_MS = 120;
  const input = form.elements.q;
  const address = form.action.replace(/search$/, "suggest");
  const make = (name, attributes) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return element;
  };
  const label = input.getAttribute("aria-label");
  const list = make("div", { id: "suggest" + n, class: "suggest", role: "listbox", "aria-label": label, hidden: "" });
  const said = make("p", { class: "sr", role: "status" });
  let active = -1, timer, asking;

  // Marks one suggestion, or none, as the one that Enter opens.
  const choose = (at) => {
    active = at;
    [...list.children].forEach((one, i) => one.setAttribute("aria-selected", i === at));
    const one = list.children[at];
    if (!one) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
  };
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    choose(-1);
  };
  const stop = () => {
    clearTimeout(timer);
    if (asking) asking.abort();
    show(false);
  };
  const fill = (items, words) => {
    list.replaceChildren(...items.map((item, i) => {
      const one = make("a", { id: list.id + "-" + i, role: "option", href: item.path, target: form.target || "_self", tabindex: -1 });
      one.append(item.title);
      if (item.topic) one.append(make("small"));
      if (item.topic) one.lastChild.append(item.topic);
      return one;
    }));
    show(items.length > 0 && document.activeElement === input);
    said.textContent = words;
  };
  const ask = async () => {
    const q = input.value.trim();
    // One letter says nothing; one Han character, kana or syllable does.
    if (q.length < 2 && q < "\u2e80") return fill([], "");
    asking = new AbortController();
    try {
      const answer = await fetch(address + "?q=" + encodeURIComponent(q), { signal: asking.signal, credentials: "omit" });
      const found = await answer.json();
      fill(found.items, found.said);
    } catch (error) {
      if (error.name !== "AbortError") fill([], "");
    }
  };

  for (const [key, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]])
    input.setAttribute(key, value);
  form.append(list, said);
  show(false);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (asking) asking.abort();
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    const open = !list.hidden;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || last < 0) return;
    const key = event.key;
    if (key === "ArrowDown") {
      const next = open && active < last ? active + 1 : 0;
      show(true);
      choose(next);
    } else if (key === "ArrowUp") {
      const next = open && active > 0 ? active - 1 : last;
      show(true);
      choose(next);
    } else if (open && key === "Escape") stop();
    else if (open && active >= 0 && key === "Home") choose(0);
    else if (open && active >= 0 && key === "End") choose(last);
    else if (open && active >= 0 && key === "Enter") {
      list.children[active].click();
      stop();
    } else return;
    event.preventDefault();
  });
  // A press keeps the focus in the field, so that the list is still there when it becomes a click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("blur", stop);
  form.addEventListener("submit", stop);
});
