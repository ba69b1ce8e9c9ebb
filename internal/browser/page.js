// What is to be seen of the picture that the page shows, as data.
(() => {
  const rect = (e) => {
    const r = e.getBoundingClientRect();
    return { x: r.x, y: r.y, w: r.width, h: r.height };
  };
  const colour = (text) => {
    const parts = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return { r: parts[0], g: parts[1], b: parts[2], a: parts.length > 3 ? parts[3] : 1 };
  };
  // The first picture, or on a page with several the one whose place somebody has said.
  const svg = [...document.querySelectorAll("svg.mp")].filter((e) => e.getClientRects().length > 0)[window.nth || 0];
  svg.scrollIntoView();
  const canvas = document.createElement("canvas").getContext("2d");
  // A browser says how high a line of the font is. What must not be over anything else is the ink.
  const ink = (e, style, line) => {
    const of = ["400", "700"].map((weight) => {
      canvas.font = `${weight} ${style.fontSize} ${style.fontFamily}`;
      return canvas.measureText(e.textContent);
    });
    const down = Math.max(0, ...of.map((m) => m.actualBoundingBoxDescent));
    let up = Math.max(...of.map((m) => m.actualBoundingBoxAscent));
    if (up + down < 4) {
      up = parseFloat(style.fontSize) * 0.7; // of characters that no font of the machine has there may be none
    }
    return { x: line.x, w: line.w, y: rect(svg).y + e.y.baseVal[0].value - up, h: up + down };
  };
  const mark = (e) => {
    const clip = e.parentNode.closest("svg");
    const style = getComputedStyle(e);
    const seen = e.tagName === "text" ? ink(e, style, rect(e)) : rect(e);
    if (clip !== svg) {
      // A browser says how large what is in it is, and not where it is cut off.
      const c = {
        x: rect(svg).x + clip.x.baseVal.value, y: rect(svg).y + clip.y.baseVal.value,
        w: clip.width.baseVal.value, h: clip.height.baseVal.value,
      };
      const x = Math.max(seen.x, c.x), y = Math.max(seen.y, c.y);
      const right = Math.min(seen.x + seen.w, c.x + c.w), bottom = Math.min(seen.y + seen.h, c.y + c.h);
      Object.assign(seen, { x, y, w: Math.max(0, right - x), h: Math.max(0, bottom - y) });
    }
    const hit = document.elementFromPoint(seen.x + seen.w / 2, seen.y + seen.h / 2);
    return {
      class: e.getAttribute("class"), text: e.tagName === "text" ? e.textContent : "", at: seen,
      fill: colour(style.fill), font: style.fontFamily, visible: style.visibility === "visible" && style.opacity > 0.3,
      onTop: hit !== null && hit.closest("g") === e.closest("g"),
    };
  };
  const back = colour(getComputedStyle(svg.querySelector(".mp-back")).fill);
  return {
    svg: rect(svg),
    back,
    scrolls: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    strange: [...document.querySelectorAll("*")].map((e) => e.tagName.toLowerCase()).filter((name) =>
      !"html head meta title style body div svg defs pattern path g rect text tspan".split(" ").includes(name)),
    handlers: [...document.querySelectorAll("*")].flatMap((e) => [...e.attributes]).map((a) => a.name).filter((name) =>
      /^on|href|src/.test(name)),
    rows: [...svg.querySelectorAll(":scope > g")].map((g) => {
      const band = g.querySelector(".mp-band");
      const fill = band && band.getAttribute("fill-opacity") !== "0" ? colour(getComputedStyle(band).fill) : back;
      return {
        class: g.getAttribute("class"), title: g.querySelector("title").textContent, at: band ? rect(band) : null,
        band: fill, texts: [...g.querySelectorAll("text")].map(mark),
        bars: [...g.querySelectorAll(".mp-bar, .mp-elsewhere, .mp-swatch")].map(mark),
      };
    }),
  };
})();
