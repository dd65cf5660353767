// Show the tasks in whose text every word that is typed occurs.
"use strict";

const field = document.querySelector(".pick input");
const told = document.querySelector(".pick output");
const cards = Array.from(document.querySelectorAll(".task"));

function look() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const card of cards) {
    const text = card.textContent.toLowerCase();
    card.hidden = !words.every((word) => text.includes(word));
  }
  for (const part of document.querySelectorAll("section")) {
    part.hidden = !part.querySelector(".task:not([hidden])");
  }
  told.textContent = `${cards.filter((card) => !card.hidden).length} of ${cards.length} tasks`;
}

field.addEventListener("input", look);
look();
