"use strict";

const theme = document.querySelector("#theme");
theme.hidden = false;
theme.querySelector("select").addEventListener("change", (event) => {
  document.documentElement.dataset.theme = event.target.value;
});

// What is searched lies in the page; batchrec/report/people.py says how.
const data = document.querySelector("#people");
if (data) searchIn(JSON.parse(data.textContent));

function searchIn({ solutions, names, asked }) {
  const most = 12; // shown of what is found
  const wanted = document.querySelector("#wanted");
  const found = document.querySelector("#found");
  const count = document.querySelector("#found-count");
  const answer = document.querySelector("#answer");
  const things = everything();
  document.querySelector("#search").hidden = false;

  // Whoever was asked about, and every item that somebody had or is recommended.
  function everything() {
    const known = new Set();
    const all = asked.map((about) => {
      known.add(`${about.kind} ${about.name}`);
      return { name: about.name, kind: about.kind.replace(/s$/, ""), about };
    });
    for (const about of asked) {
      const answers = about.answers.flatMap(([solution, rows]) =>
        solutions[solution][1] === "items" ? rows : []);
      for (const [name] of [...about.history, ...answers]) {
        if (known.has(`items ${name}`)) continue;
        known.add(`items ${name}`);
        all.push({ name, kind: "item", about: null });
      }
    }
    for (const thing of all) thing.text = names[thing.name].join(" ").toLowerCase();
    return all;
  }

  function find() {
    const text = wanted.value.trim().toLowerCase();
    const matches = text ? things.filter((thing) => thing.text.includes(text)) : examples();
    if (text) matches.sort((a, b) => rank(a, text) - rank(b, text));
    const shown = matches.slice(0, most);
    if (matches.length === 0) answer.replaceChildren();
    count.textContent = text
      ? `${amount(matches.length)} found${matches.length > most ? `, the first ${most} shown` : ""}`
      : `${amount(things.length)} to search in; for example:`;
    found.replaceChildren(...shown.map((thing) => {
      const button = element("button", `${label(thing.name)} (${thing.kind}${thing.about?.cold ? ", cold" : ""})`);
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => show(thing, button));
      const item = element("li");
      item.append(button);
      return item;
    }));
  }

  // From all over the sample, which goes from those with most events to those with none.
  function examples() {
    const step = Math.max((asked.length - 1) / (most - 1), 1);
    const places = new Set(Array.from({ length: most }, (_, number) => Math.round(number * step)));
    return things.filter((_, place) => place < asked.length && places.has(place));
  }

  // Whole ids first, then those that begin so.
  function rank(thing, text) {
    const id = names[thing.name][0].toLowerCase();
    return id === text ? 0 : id.startsWith(text) ? 1 : 2;
  }

  function show(thing, button) {
    for (const other of found.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
    button?.setAttribute("aria-pressed", "true");
    const heading = element("h3", `${thing.kind} ${label(thing.name)}`);
    heading.tabIndex = -1;
    const columns = element("div");
    columns.append(...(thing.about ? ofAsked(thing.about) : []), ...ofItem(thing));
    answer.replaceChildren(heading, columns);
    if (button) heading.focus();
  }

  function ofAsked(about) {
    const columns = [];
    if (about.events === null) {
      if (about.kind !== "item attributes") columns.push(list("History", [], "What this run imported isn't kept any more."));
    } else if (about.kind === "users" && !about.cold) {
      const rows = about.history.map(([name, day, type]) => [label(name), [day, type].filter(Boolean).join(", ")]);
      columns.push(list(`History: the latest ${rows.length} of ${amount(about.events)} events`, rows));
    } else {
      const said = about.cold ? "Cold: there is no event in the imported data." :
        `${amount(about.events)} events in the imported data.`;
      columns.push(list("History", [], said));
    }
    for (const [solution, rows] of about.answers) {
      columns.push(list(`Recommended by ${solutions[solution][0]}`,
        rows.map(([name, score, theme]) => [label(name), [theme, score === null ? "" : `score ${score}`].filter(Boolean).join(", ")]), "Nothing."));
    }
    return columns;
  }

  // Of an item: who of the sample had it, and to whom it is recommended.
  function ofItem(thing) {
    if (thing.kind !== "item") return [];
    const had = asked.filter((about) => about.history.some(([name]) => name === thing.name));
    const columns = [list("In the sample, had by", had.map((about) => [label(about.name), ""]), "Nobody.")];
    solutions.forEach(([key, answered], solution) => {
      if (answered !== "items") return;
      const to = asked.flatMap((about) => about.answers
        .filter(([by]) => by === solution)
        .map(([, rows]) => [about, rows.findIndex(([name]) => name === thing.name)])
        .filter(([, at]) => at >= 0));
      to.sort(([, a], [, b]) => a - b);
      columns.push(list(`In the sample, recommended by ${key} to`,
        to.slice(0, 25).map(([about, at]) => [label(about.name), `rank ${at + 1}`]), "Nobody."));
    });
    return columns;
  }

  function list(title, rows, otherwise = "None.") {
    const column = element("div");
    column.append(element("h4", title));
    if (rows.length === 0) column.append(element("p", otherwise));
    else {
      const items = element("ol");
      items.append(...rows.map(([text, more]) => {
        const item = element("li", text);
        if (more) item.append(" ", element("small", more));
        return item;
      }));
      column.append(items);
    }
    return column;
  }

  function amount(number) {
    return number.toLocaleString("en");
  }

  function label(name) {
    const [id, title] = names[name];
    return title === null ? id : `${title} [${id}]`;
  }

  function element(name, text = "") {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  wanted.addEventListener("input", find);
  wanted.addEventListener("keydown", (event) => {
    if (event.key === "Enter") found.querySelector("button")?.click();
    else if (event.key === "ArrowDown") found.querySelector("button")?.focus();
    else return;
    event.preventDefault();
  });
  found.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...found.querySelectorAll("button")];
    (buttons[buttons.indexOf(document.activeElement) + step] ?? wanted).focus();
    event.preventDefault();
  });
  find();
  if (things.length) show(things[0]);
}
