/** How the median time of one call changes with the number of tenants. */
export interface Curve {
  readonly name: string;
  /** As a multiple of the time with the fewest tenants, in the order of `sizes`. */
  readonly ratios: readonly number[];
}

const WIDTH = 1000;
const HEIGHT = 420;
const FRAME = { left: 50, top: 40, right: 560, bottom: 380 };
const LABEL_HEIGHT = 16;
/** Ratios are drawn on a logarithmic scale, so that twice as slow and twice as fast look alike. */
const RANGE = { least: 0.5, most: 4 };
const TICKS = [0.5, 1, 2, 4];
const COLOURS = ['#1b6ac9', '#c2410c', '#15803d', '#7e22ce', '#b91c1c', '#0e7490', '#a16207', '#be185d'];

/**
 * An SVG picture of growth: one line for each call, over the number of tenants. Only the calls that grow most
 * are named and coloured.
 */
export function growthPicture(
  title: string,
  sizes: readonly number[],
  curves: readonly Curve[],
  goal: number,
): string {
  const x = (size: number): number => {
    const [least, most] = [Math.log(sizes[0] ?? 1), Math.log(sizes.at(-1) ?? 1)];
    return FRAME.left + ((Math.log(size) - least) / (most - least)) * (FRAME.right - FRAME.left);
  };
  const sorted = curves.toSorted((a, b) => (b.ratios.at(-1) ?? 0) - (a.ratios.at(-1) ?? 0));
  const points = ({ ratios }: Curve): string =>
    sizes.map((size, n) => `${x(size).toFixed(1)},${yOf(ratios[n] ?? NaN).toFixed(1)}`).join(' ');
  const lines = sorted.map(
    (curve, n) =>
      `<polyline points="${points(curve)}" fill="none" stroke="${COLOURS[n] ?? '#94a3b8'}" ` +
      `stroke-width="${n < COLOURS.length ? 2 : 1}"/>`,
  );
  let free = FRAME.top;
  const labels = sorted.slice(0, COLOURS.length).map(({ name, ratios }, n) => {
    const ratio = ratios.at(-1) ?? NaN;
    free = Math.max(free + LABEL_HEIGHT, yOf(ratio));
    return text(FRAME.right + 8, free, `${ratio.toFixed(2)}  ${name}`, COLOURS[n]);
  });
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${text(FRAME.left, 20, title, '#0f172a')}
${TICKS.map((tick) => rule(yOf(tick)) + text(12, yOf(tick) + 4, `${tick}×`)).join('\n')}
${rule(yOf(goal), '#dc2626', '4 4')}
${text(FRAME.left + 4, yOf(goal) - 4, `goal: at most ${goal}×`, '#dc2626')}
${sizes.map((size) => text(x(size) - 16, FRAME.bottom + 20, size.toLocaleString('en'))).join('\n')}
${text(FRAME.left, HEIGHT - 4, 'tenants; time as a multiple of that with the fewest')}
${lines.toReversed().join('\n')}
${labels.join('\n')}
</svg>
`;
}

function yOf(ratio: number): number {
  const { least, most } = RANGE;
  const share = Math.log(Math.min(Math.max(ratio, least), most) / least) / Math.log(most / least);
  return FRAME.bottom - share * (FRAME.bottom - FRAME.top);
}

function rule(y: number, colour = '#e2e8f0', dashes = 'none'): string {
  return (
    `<line x1="${FRAME.left}" x2="${FRAME.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" ` +
    `stroke="${colour}" stroke-dasharray="${dashes}"/>`
  );
}

function text(x: number, y: number, words: string, colour = '#475569'): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${colour}">${escaped}</text>`;
}
