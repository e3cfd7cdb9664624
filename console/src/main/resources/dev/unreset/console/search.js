// The search of the reference: works on the list that is in the page, without a server.
const search = document.getElementById("search");
if (search) {
  const items = Array.from(document.querySelectorAll("li[data-words]"));
  const sections = Array.from(document.querySelectorAll("section.list"));
  const count = document.getElementById("search-count");

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    let shown = 0;
    for (const item of items) {
      item.hidden = !words.every((word) => item.dataset.words.includes(word));
      shown += item.hidden ? 0 : 1;
    }
    for (const section of sections) {
      section.hidden = section.querySelector("li:not([hidden])") === null;
    }
    count.textContent = shown === 1 ? "1 entry" : `${shown} entries`;
    history.replaceState(null, "", search.value === "" ? location.pathname : "#q=" + encodeURIComponent(search.value));
  };

  search.addEventListener("input", show);
  document.getElementById("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector("li[data-words]:not([hidden]) a")?.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  const asked = location.hash.match(/^#q=(.*)$/);
  if (asked) {
    search.value = decodeURIComponent(asked[1]);
    show();
  }
}
