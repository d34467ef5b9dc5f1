import 'uplot/dist/uPlot.min.css';
import { Box, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

const HEIGHT = 220;
const AXIS_FONT = '12px system-ui, sans-serif';
const AXIS_WIDTH = 64;
const TIME_SPACE = 100;
const SHORTEST_DRAG_PX = 10;
const DAY_SECONDS = 86_400;
const [LIGHT_SHADE, DARK_SHADE] = [7, 4];

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

type Values = readonly (number | null)[];

export type LineStyle = 'solid' | 'dashed' | 'dotted';
const DASHES: Readonly<Record<LineStyle, number[]>> = { solid: [], dashed: [8, 4], dotted: [2, 3] };

interface Line {
  readonly label: string;
  /** A colour of the theme. */
  readonly color: string;
  readonly values: Values;
  /** Tells lines apart without their colours. */
  readonly style?: LineStyle;
  readonly isBars?: boolean;
}

interface Limit {
  readonly at: number;
  readonly color: string;
  readonly label: string;
}

export interface Drawing {
  /** In seconds. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly limits?: readonly Limit[];
  /** What the time axis shows, in seconds. */
  readonly span: readonly [number, number];
  /** What the vertical axis shows at least. */
  readonly least: readonly [number, number];
  readonly format: (value: number) => string;
}

interface ChartProps {
  /** What a reader who cannot see the chart should know. */
  readonly label: string;
  /** Must be the same object as long as nothing changes. */
  readonly drawing: Drawing;
  readonly onZoom: (from: number, to: number) => void;
}

/** Lines or bars over time. Dragging over a part of it zooms in. */
export function Chart({ label, drawing, onZoom }: ChartProps) {
  const { ref, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const zoom = useRef(onZoom);
  const isDark = useComputedColorScheme('light') === 'dark';
  useEffect(() => {
    zoom.current = onZoom;
  });
  useEffect(() => {
    if (!box.current) return;
    const data: UPlot.AlignedData = [[...drawing.times], ...drawing.lines.map(({ values }) => [...values])];
    const options = optionsOf(drawing, isDark, box.current.clientWidth, (from, to) => zoom.current(from, to));
    const made = new UPlot(options, data, box.current);
    plot.current = made;
    return () => made.destroy();
  }, [drawing, isDark]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  return (
    <Box ref={ref} role="img" aria-label={label} style={{ overflow: 'hidden' }}>
      <div ref={box} />
    </Box>
  );
}

/** A canvas cannot use the variables of style sheets. */
function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--mantine-color-${name}`).trim();
}

function optionsOf(
  { lines, limits = [], span: [from, to], least, format }: Drawing,
  isDark: boolean,
  width: number,
  onZoom: (from: number, to: number) => void,
): UPlot.Options {
  const shaded = (name: string): string => colorOf(`${name}-${isDark ? DARK_SHADE : LIGHT_SHADE}`);
  const axis: UPlot.Axis = {
    stroke: colorOf('dimmed'),
    font: AXIS_FONT,
    grid: { stroke: colorOf('default-border'), width: 1 },
    ticks: { stroke: colorOf('default-border'), width: 1 },
  };
  return {
    width,
    height: HEIGHT,
    scales: { x: { range: [from, to] }, y: { range: (_, min, max) => rangeOf(least, min, max) } },
    axes: [
      { ...axis, space: TIME_SPACE, values: (self, times) => times.map((time) => timeTextOf(self, time)) },
      { ...axis, size: AXIS_WIDTH, values: (_, values) => values.map(format) },
    ],
    series: [
      { label: 'Time', value: (_, time: number | null) => (time === null ? '–' : exact.format(time * 1000)) },
      ...lines.map(({ label, color, style = 'solid', isBars }): UPlot.Series => {
        const bars = isBars ? UPlot.paths.bars?.({ size: [0.8, 40], align: -1 }) : undefined;
        return {
          label,
          stroke: shaded(color),
          width: isBars ? 0 : 2,
          points: { show: false },
          value: (_, value: number | null) => (value === null ? '–' : format(value)),
          dash: DASHES[style],
          ...(bars && { fill: shaded(color), paths: bars }),
        };
      }),
    ],
    legend: { markers: { dash: (_, index) => lines[index - 1]?.style ?? 'solid' } },
    cursor: { drag: { x: true, y: false, setScale: false } },
    hooks: {
      draw: [(self) => limits.forEach((limit) => drawLimit(self, limit, shaded(limit.color)))],
      setSelect: [
        (self) => {
          const { left, width: dragged } = self.select;
          if (dragged < SHORTEST_DRAG_PX) return;
          onZoom(self.posToVal(left, 'x'), self.posToVal(left + dragged, 'x'));
        },
      ],
    },
  };
}

/** Values are null where there is nothing to show. */
function rangeOf(
  [low, high]: readonly [number, number],
  min: number | null,
  max: number | null,
): UPlot.Range.MinMax {
  const [bottom, top] = [Math.min(low, min ?? low), Math.max(high, max ?? high)];
  const air = (top - bottom) * 0.05;
  return [bottom < low ? bottom - air : bottom, top > high ? top + air : top];
}

function timeTextOf({ scales: { x } }: UPlot, time: number): string {
  const date = new Date(time * 1000);
  const isLong = (x?.max ?? 0) - (x?.min ?? 0) > 2 * DAY_SECONDS;
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (isMidnight) return day.format(date);
  return isLong ? `${day.format(date)}, ${clock.format(date)}` : clock.format(date);
}

function drawLimit({ ctx, bbox, scales: { y }, valToPos }: UPlot, { at, label }: Limit, color: string): void {
  if (at < (y?.min ?? 0) || at > (y?.max ?? 0)) return;
  const height = valToPos(at, 'y', true);
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = scale;
  ctx.setLineDash([2 * scale, 3 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, height);
  ctx.lineTo(bbox.left + bbox.width, height);
  ctx.stroke();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(label, bbox.left + 4 * scale, height - 2 * scale);
  ctx.restore();
}
