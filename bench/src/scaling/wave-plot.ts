import type { Sample } from './autoscaled-run.js';

const WIDTH = 760;
const PANEL_HEIGHT = 110;
const GAP = 34;
const LEFT = 48;
const RIGHT = 12;
const TOP = 24;

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly value: (sample: Sample) => number;
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'worker processes',
    lines: [
      { name: 'told to run', colour: '#1f6feb', value: ({ workers }) => workers },
      { name: 'winding up', colour: '#bc4c00', value: ({ leaving }) => leaving },
    ],
  },
  {
    title: 'activities',
    lines: [
      { name: 'in flight', colour: '#1a7f37', value: ({ inFlight }) => inFlight },
      { name: 'backlog', colour: '#cf222e', value: ({ backlog }) => backlog },
    ],
  },
  {
    title: 'age of the oldest that waits, seconds',
    lines: [{ name: '', colour: '#8250df', value: ({ oldestMs }) => oldestMs / 1_000 }],
  },
];

/** An SVG picture of a run: workers, tasks and the age of the backlog over time. */
export function plotWave(samples: readonly Sample[]): string {
  const endMs = Math.max(1, ...samples.map(({ atMs }) => atMs));
  const height = TOP + PANELS.length * (PANEL_HEIGHT + GAP);
  const panels = PANELS.map((panel, index) =>
    drawPanel(panel, TOP + index * (PANEL_HEIGHT + GAP), samples, endMs),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, lines }: Panel, top: number, samples: readonly Sample[], endMs: number): string {
  const largest = Math.max(1, ...lines.flatMap(({ value }) => samples.map(value)));
  const x = (atMs: number): string => (LEFT + (atMs / endMs) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (top + PANEL_HEIGHT * (1 - value / largest)).toFixed(1);
  const bottom = top + PANEL_HEIGHT;
  const labels = lines.map(
    ({ name, colour }, number) =>
      `<text x="${WIDTH - RIGHT - 90 * (lines.length - number)}" y="${top - 7}" fill="${colour}">${name}</text>`,
  );
  const drawn = lines.map(({ colour, value }) => {
    const points = samples.map((sample) => `${x(sample.atMs)},${y(value(sample))}`).join(' ');
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${points}"/>`;
  });
  return [
    `<text x="${LEFT}" y="${top - 7}" fill="#24292f">${title}</text>`,
    `<path d="M${LEFT} ${top}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="#8c959f"/>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end" fill="#57606a">${tick(largest)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom}" text-anchor="end" fill="#57606a">0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${bottom + 14}" text-anchor="end" fill="#57606a">${tick(endMs / 1_000)} s</text>`,
    ...labels,
    ...drawn,
  ].join('\n');
}

function tick(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
