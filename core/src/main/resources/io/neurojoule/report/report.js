"use strict";
{
  const results = JSON.parse(document.getElementById("results").textContent);
  const power = JSON.parse(document.getElementById("power").textContent);
  const headline = results.rows.filter(row => row.scope === "boundary" && row.name === results.run.headline);
  const targets = [...new Set(results.rows.map(row => row.target))];
  const precisions = [...new Set(results.rows.map(row => row.precision))];
  const label = target => results.run.labels[target] ?? target;
  const colour = d3.scaleOrdinal(targets, ["#3b82c4", "#e07b28", "#2f9e78", "#c4527a", "#8b6fd0", "#a08020", "#4a9ab0", "#b05040"]);
  const marks = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolStar, d3.symbolCross, d3.symbolWye];
  const shape = d3.scaleOrdinal(precisions, marks);
  const solid = new Set(["MEASURED", "DERIVED", "REPLAYED"]);
  const short = d3.format(".3~s");
  const si = value => short(value).replace(/[a-zµ]$/i, prefix => " " + prefix);

  const total = {
    value: row => row.joules_per_element, low: row => row.joules_per_element_low, high: row => row.joules_per_element_high,
    basis: row => row.basis, unit: "J", field: "joules_per_element",
  };
  const aboveIdle = {
    value: row => row.above_idle_joules_per_element, low: row => row.above_idle_joules_per_element_low,
    high: row => row.above_idle_joules_per_element_high, basis: row => row.above_idle_basis ?? row.basis,
    unit: "J", field: "above_idle_joules_per_element",
  };
  const rate = {
    value: row => row.elements_per_second, low: row => row.elements_per_second_low, high: row => row.elements_per_second_high,
    basis: () => results.run.simulated ? "SIMULATED" : "MEASURED", unit: "/s", field: "elements_per_second",
  };

  const isOpen = row => row.load.startsWith("r");
  const loadText = row => row.load === "c1" ? "" : isOpen(row) ? ` ${row.load.slice(1)}/s` : ` ${row.load.slice(1)} in flight`;
  const cellText = row => `${label(row.target)} ${row.precision} batch ${row.batch}${loadText(row)}`;

  /** Over the batch size, or over the load where that is what varies. */
  const overLoad = new Set(headline.map(row => row.batch)).size === 1 && new Set(headline.map(row => row.load)).size > 1;
  const across = overLoad
    ? {
      value: row => Number(row.load.slice(1)), series: row => isOpen(row) ? "open loop" : "closed loop",
      label: [headline.some(row => !isOpen(row)) ? "steps in flight" : "", headline.some(isOpen) ? "steps per second" : ""].filter(text => text).join(" (closed loop), ") + (headline.some(isOpen) ? " (open loop)" : ""),
    }
    : { value: row => row.batch, series: row => loadText(row).trim(), label: "batch" };

  const withUnit = (value, unit) => unit === "J" ? (/[a-zµ]$/i.test(si(value)) ? si(value) : si(value) + " ") + unit : si(value);

  function emptyPlot(host, height, margin) {
    host.replaceChildren();
    const width = Math.max(280, host.clientWidth);
    const svg = d3.select(host).append("svg").attr("viewBox", [0, 0, width, height]).attr("width", width).attr("height", height).attr("role", "img");
    return { svg, width, height, margin };
  }

  function axes(plot, x, y, xAxis, yAxis, xLabel) {
    const { svg, width, height, margin } = plot;
    const grid = svg.append("g").attr("class", "grid");
    for (const tick of yAxis.tickValues() ?? y.ticks(5)) {
      grid.append("line").attr("x1", margin.left).attr("x2", width - margin.right).attr("y1", y(tick)).attr("y2", y(tick));
    }
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`).call(xAxis);
    svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`).call(yAxis);
    svg.append("text").attr("x", (margin.left + width - margin.right) / 2).attr("y", height - 4).attr("text-anchor", "middle").text(xLabel);
  }

  /** 1, 2 and 5 in each decade; only the decades where they would crowd. */
  function logTicks([low, high]) {
    const steps = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
    const ticks = [];
    for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent++) {
      for (const step of steps) {
        const tick = Number(`${step}e${exponent}`);
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    return ticks;
  }

  /** Leaves out what would be written over the one before. */
  function apart(values, x) {
    let free = -Infinity;
    return values.filter(value => {
      const fits = x(value) >= free;
      if (fits) free = x(value) + 34;
      return fits;
    });
  }

  function curve(host, what) {
    const drawn = headline.filter(row => what.value(row) > 0);
    if (!drawn.length) {
      host.replaceChildren("No figure that a logarithmic axis can show.");
      return;
    }
    const plot = emptyPlot(host, 340, { left: 64, right: 96, top: 12, bottom: 42 });
    const { svg, width, height, margin } = plot;
    const ends = drawn.flatMap(row => [what.value(row), what.low(row), what.high(row)]).filter(value => value > 0);
    const y = d3.scaleLog([d3.min(ends) / 1.25, d3.max(ends) * 1.25], [height - margin.bottom, margin.top]);
    const steps = [...new Set(headline.map(across.value))].sort(d3.ascending);
    const x = d3.scaleLog([steps[0] / 1.2, steps.at(-1) * 1.2], [margin.left, width - margin.right]).base(2);
    axes(plot, x, y, d3.axisBottom(x).tickValues(apart(steps, x)).tickFormat(d3.format("~g")),
      d3.axisLeft(y).tickValues(logTicks(y.domain())).tickFormat(value => withUnit(value, what.unit)), across.label);

    const ys = [];
    for (const [target, ofTarget] of d3.group(drawn, row => row.target)) {
      for (const [name, rows] of d3.group(ofTarget, row => `${row.precision} ${across.series(row)}`.trim())) {
        const precision = rows[0].precision;
        const sorted = d3.sort(rows, across.value);
        const group = svg.append("g").attr("stroke", colour(target)).attr("fill", colour(target));
        group.append("path").attr("fill", "none").attr("stroke-width", 1.5).attr("d",
          d3.line(row => x(across.value(row)), row => y(what.value(row)))(sorted));
        for (const row of sorted) {
          if (what.high(row) > 0) {
            // An interval that reaches 0 or below has no lower end on a logarithmic axis: an arrow, not nothing.
            const open = !(what.low(row) > 0);
            const [low, high] = [open ? height - margin.bottom : y(what.low(row)), y(what.high(row))];
            const end = open ? `M${x(across.value(row)) - 4},${low - 6}l4,6l4,-6` : `M${x(across.value(row)) - 4},${low}h8`;
            group.append("path").attr("class", "interval").attr("fill", "none").attr("data-cell-id", row.cell_id)
              .attr("data-open", open).attr("d", `M${x(across.value(row))},${low}V${high}m-4,0h8${end}`);
          }
          group.append("path").attr("class", "point").attr("transform", `translate(${x(across.value(row))},${y(what.value(row))})`)
            .attr("d", d3.symbol(shape(precision), 64)()).attr("stroke-width", 1.5)
            .style("fill", solid.has(what.basis(row)) ? null : "var(--ground)")
            .attr("data-cell-id", row.cell_id).attr("data-field", what.field).attr("data-value", what.value(row))
            .append("title").text(`${cellText(row)}: ${withUnit(what.value(row), what.unit)} (${what.basis(row)})`);
        }
        const last = sorted.at(-1);
        const weak = [...new Set(sorted.map(what.basis))].filter(basis => !solid.has(basis));
        ys.push({ x: x(across.value(last)), y: y(what.value(last)), lines: [name, ...weak], target });
      }
    }
    d3.sort(ys, label => label.y).reduce((free, label) => {
      const at = Math.max(label.y - 6.5 * (label.lines.length - 1), free);
      label.lines.forEach((line, i) => svg.append("text").attr("x", label.x + 10).attr("y", at + 4 + 13 * i)
        .style("fill", colour(label.target)).text(line));
      return at + 13 * label.lines.length;
    }, 0);
    for (const row of headline.filter(row => !(what.value(row) > 0))) {
      svg.append("text").attr("class", "hole").attr("x", x(across.value(row))).attr("y", height - margin.bottom + 4).attr("text-anchor", "middle")
        .style("fill", colour(row.target)).text("×").append("title").text(`${cellText(row)}: ${what.value(row) === undefined ? row.reason ?? "no figure" : `${withUnit(what.value(row), what.unit)}, which a logarithmic axis cannot show`}`);
    }
  }

  function legend() {
    const host = d3.select("#legend").html("");
    for (const target of targets) {
      const item = host.append("span");
      item.append("svg").attr("width", 18).attr("height", 12).append("rect").attr("width", 18).attr("height", 12).attr("rx", 2).attr("fill", colour(target));
      item.append("span").text(label(target));
    }
    for (const precision of precisions) {
      const item = host.append("span");
      item.append("svg").attr("width", 14).attr("height", 14).append("path").attr("transform", "translate(7,7)").attr("d", d3.symbol(shape(precision), 64)()).attr("fill", "currentColor");
      item.append("span").text(precision);
    }
  }

  function overTime() {
    const host = document.getElementById("power-charts");
    if (!host) return;
    host.replaceChildren();
    const times = [...power.windows.flatMap(window => [window.from, window.to]), ...power.curves.flatMap(curve => curve.points.map(point => point[0]))];
    for (const [i, curve] of power.curves.entries()) {
      const title = document.createElement("h3");
      title.textContent = `${curve.channel} (${curve.counter ? "from its energy counter" : "power as read"}, ${curve.basis})`;
      const chart = document.createElement("div");
      chart.className = "chart";
      host.append(title, chart);
      if (!curve.points.length) {
        chart.append("No values.");
        continue;
      }
      const plot = emptyPlot(chart, 200, { left: 64, right: 12, top: 8, bottom: 38 });
      const { svg, width, height, margin } = plot;
      const x = d3.scaleLinear(d3.extent(times), [margin.left, width - margin.right]);
      const y = d3.scaleLinear([Math.min(0, d3.min(curve.points, point => point[1])), d3.max(curve.points, point => point[1]) * 1.05 || 1], [height - margin.bottom, margin.top]);
      for (const window of power.windows) {
        if (window.kind === "load") continue;
        svg.append("rect").attr("class", ["measure", "latency", "phases", "isolated"].includes(window.kind) ? "measure" : "quiet")
          .attr("x", x(window.from)).attr("width", Math.max(1, x(window.to) - x(window.from))).attr("y", margin.top).attr("height", height - margin.top - margin.bottom)
          .append("title").text(`${window.kind} ${window.cell} ${window.repeat || ""} (${window.id})`);
      }
      axes(plot, x, y, d3.axisBottom(x).ticks(Math.max(3, width / 110)), d3.axisLeft(y).ticks(5).tickFormat(value => d3.format("~g")(value) + " W"), "seconds");
      const line = curve.points.map(([t, w, joined]) => `${joined ? "L" : "M"}${x(t).toFixed(1)},${y(w).toFixed(1)}`).join("");
      const dots = curve.points.map(([t, w]) => `M${x(t).toFixed(1)},${y(w).toFixed(1)}h0`).join("");
      const ink = d3.schemeTableau10[i % 10];
      svg.append("path").attr("fill", "none").attr("stroke", ink).attr("stroke-width", 1).attr("d", line);
      svg.append("path").attr("class", "dots").attr("fill", "none").attr("stroke", ink).attr("stroke-width", 3).attr("stroke-linecap", "round").attr("d", dots);
    }
  }

  function energy() {
    const what = document.querySelector("input[name=energy]:checked").value === "total" ? total : aboveIdle;
    curve(document.getElementById("energy-chart"), what);
    const below = headline.filter(row => what.value(row) <= 0);
    document.getElementById("not-drawn").textContent = below.length
      ? "Not above zero, so not on a logarithmic axis: " + below.map(row => `${row.cell_id} ${withUnit(what.value(row), "J")}`).join(", ") : "";
  }

  /** An icicle: the step, its operators, its layers; widths are time. */
  function layers() {
    const host = document.getElementById("layer-chart");
    if (!host) return;
    const cell = document.getElementById("layer-cell").value;
    const own = results.layers.filter(layer => layer.cell_id === cell);
    const operators = d3.group(own, layer => layer.operator);
    const root = d3.hierarchy({ name: "step", children: [...operators].map(([operator, of]) => ({ name: operator || "not attributed", operator, children: of })) })
      .sum(node => node.time_share ?? 0)
      .sort((a, b) => (a.data.operator === "") - (b.data.operator === "") || b.value - a.value);
    const plot = emptyPlot(host, 132, { left: 0, right: 0, top: 0, bottom: 0 });
    const { svg, width, height } = plot;
    d3.partition().size([width, height])(root);
    const ink = d3.scaleOrdinal([...operators.keys()].filter(operator => operator), d3.schemeTableau10);
    const joules = layer => layer.joules_per_element === undefined ? "" : `, ${withUnit(layer.joules_per_element, "J")} by time, MODELLED (${layer.basis})`;
    for (const node of root.descendants()) {
      if (node.depth === 2 && !node.data.operator) continue;
      const box = svg.append("g").attr("transform", `translate(${node.x0},${height - node.y1})`);
      const wide = Math.max(0, node.x1 - node.x0 - 1);
      box.append("rect").attr("width", wide).attr("height", node.y1 - node.y0 - 1)
        .attr("fill", node.data.operator ? ink(node.data.operator) : "var(--idle)").attr("opacity", node.depth === 2 ? .75 : node.depth ? .95 : .35)
        .attr("class", "layer").attr("data-name", node.data.name ?? node.data.layer).attr("data-share", node.value);
      const name = node.data.layer ?? node.data.name;
      const share = d3.format(".1%")(node.value);
      box.append("title").text(`${name} ${share}${node.data.layer ? joules(node.data) : ""}`);
      const fits = Math.floor((wide - 8) / 7);
      if (fits >= 4) {
        const text = `${name} ${share}`;
        box.append("text").attr("x", 4).attr("y", 26).text(text.length > fits ? text.slice(0, fits - 1) + "…" : text);
      }
    }
  }

  function draw() {
    energy();
    layers();
    curve(document.getElementById("rate-chart"), rate);
    overTime();
  }

  if (location.hash === "#above-idle") document.querySelector("input[value=above-idle]").checked = true;
  document.querySelectorAll("input[name=energy]").forEach(input => input.addEventListener("change", energy));
  document.getElementById("layer-cell")?.addEventListener("change", layers);
  window.addEventListener("resize", draw);
  legend();
  draw();
}
