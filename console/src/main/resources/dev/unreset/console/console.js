// Ctrl+Enter in the text box; captures are sent as they are, to this machine's own console.
const text = document.getElementById("text");
if (text) {
  const form = document.getElementById("explain-form");
  const capture = document.getElementById("capture");
  const answer = document.getElementById("answer");

  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit();
    }
  });

  const say = (words) => {
    const line = document.createElement("p");
    line.textContent = words;
    answer.replaceChildren(line);
  };

  const read = async (file) => {
    say(`Reading ${file.name} ...`);
    try {
      const response = await fetch("/capture", { method: "POST", body: file });
      const body = await response.text();
      if (response.ok) {
        answer.innerHTML = body; // made by the console, which escapes what is in the capture
      } else {
        say(body);
      }
    } catch (error) {
      say(`The console does not answer: ${error.message}`);
    }
    answer.focus();
  };

  document.getElementById("capture-form").addEventListener("submit", (event) => event.preventDefault());
  capture.addEventListener("change", () => capture.files.length > 0 && read(capture.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      read(event.dataTransfer.files[0]);
    }
  });
  if (answer.children.length > 0) {
    answer.focus();
  }
}
