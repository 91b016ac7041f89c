// Of a flame graph's SVG, which is one file: zooms into the frame that is clicked, and marks what is searched for.
const height = 18;
const root = document.documentElement;
const frames = [...document.querySelectorAll('.frame')].map((element) => ({
  element,
  rect: element.querySelector('rect'),
  text: element.querySelector('text'),
  name: element.dataset.name,
  left: Number(element.dataset.left),
  width: Number(element.dataset.width),
  depth: Number(element.dataset.depth),
}));
const found = document.getElementById('found');
const everything = { left: 0, width: 1, depth: -1 };
let zoomed = everything;

function draw() {
  const total = root.clientWidth || 1200;
  for (const { element, rect, text, name, left, width, depth } of frames) {
    // Below the frame that is zoomed into, its callers fill the width.
    const isCaller =
      depth < zoomed.depth && left <= zoomed.left && left + width >= zoomed.left + zoomed.width - 1e-9;
    const x = isCaller ? 0 : ((left - zoomed.left) / zoomed.width) * total;
    const w = isCaller ? total : (width / zoomed.width) * total;
    const isVisible = w >= 0.3 && x + w > 0 && x < total;
    element.style.display = isVisible ? '' : 'none';
    element.style.opacity = isCaller ? 0.5 : 1;
    if (!isVisible) continue;
    rect.setAttribute('x', x);
    rect.setAttribute('width', Math.max(w - 0.5, 0.3));
    text.setAttribute('x', Math.max(x, 0) + 3);
    const letters = Math.floor((Math.min(x + w, total) - Math.max(x, 0) - 6) / 7);
    text.textContent = letters < 3 ? '' : name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
  }
}

function search(word) {
  let share = 0;
  let end = 0;
  const matches = frames.filter(({ name }) => word !== '' && name.includes(word));
  for (const frame of frames) frame.rect.classList.toggle('match', matches.includes(frame));
  // What one match contains is not counted again.
  for (const { left, width } of matches.toSorted(
    (one, other) => one.left - other.left || other.width - one.width,
  )) {
    if (left + width <= end + 1e-9) continue;
    share += left + width - Math.max(left, end);
    end = left + width;
  }
  found.textContent = word === '' ? 'Search' : `${word}: ${(share * 100).toFixed(1)} %`;
}

for (const frame of frames) {
  frame.element.addEventListener('click', () => {
    zoomed = frame === zoomed ? everything : frame;
    draw();
  });
}
document.getElementById('reset').addEventListener('click', () => {
  zoomed = everything;
  draw();
});
found.addEventListener('click', () => search(prompt('Part of a name') ?? ''));
window.addEventListener('resize', draw);
draw();
