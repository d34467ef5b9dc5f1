/** Two small numbers in the trace id of a request, which a module preloaded into a plane reads. */
export type TracedNumbers = readonly [number, number];

interface Traced {
  readonly traceId: string;
  /** The value of the header `traceparent`. */
  readonly traceparent: string;
}

/** `prefix`: four hex digits that say what the numbers mean. `serial` makes the id unique. */
export function traced(prefix: string, numbers: TracedNumbers, serial: number): Traced {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const traceId = `${prefix}${numbers.map((number) => hex(number, 2)).join('')}${hex(serial, 24)}`;
  return { traceId, traceparent: `00-${traceId}-${'fa'.repeat(8)}-01` };
}

export function numbersIn(prefix: string, traceId: string | undefined): TracedNumbers | undefined {
  if (!traceId?.startsWith(prefix)) return undefined;
  const [one = 0, another = 0] = Buffer.from(traceId.slice(prefix.length), 'hex');
  return [one, another];
}
