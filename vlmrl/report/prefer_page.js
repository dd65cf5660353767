(() => {
  const films = [document.getElementById("film-0"), document.getElementById("film-1")];
  const state = document.getElementById("state");
  const choices = [...document.querySelectorAll("[data-better]")];
  const undo = document.getElementById("undo");
  const keys = { ArrowLeft: "0", ArrowRight: "1", ArrowUp: "0.5", ArrowDown: "null" };
  let pair = null, busy = false;

  const say = (text, wrong) => { state.textContent = text; state.classList.toggle("wrong", Boolean(wrong)); };

  const show = (told) => {
    pair = told.pair;
    films.forEach((film, side) => {
      if (pair) { film.src = told.films[side]; film.play().catch(() => {}); } else { film.removeAttribute("src"); film.load(); }
    });
    choices.forEach((choice) => { choice.disabled = !pair; });
    undo.disabled = told.answered === 0;
    say(pair ? `${told.answered} answered, ${told.left} left` : `All ${told.answered} questions are answered.`);
  };

  const ask = async (where, body) => {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(where, body === undefined ? {} : { method: "POST", body });
      if (!answer.ok) throw new Error(await answer.text());
      show(await answer.json());
    } catch (fault) {
      say(`Not kept: ${fault.message}. Is the command still running?`, true);
    } finally {
      busy = false;
    }
  };

  const choose = (better) => pair && ask("answer", JSON.stringify({ a: pair[0], b: pair[1], better: JSON.parse(better) }));
  choices.forEach((choice) => choice.addEventListener("click", () => choose(choice.dataset.better)));
  undo.addEventListener("click", () => ask("undo", ""));
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in keys) { event.preventDefault(); choose(keys[event.key]); }
    if (event.key.toLowerCase() === "u" && !undo.disabled) ask("undo", "");
  });
  ask("next");
})();
