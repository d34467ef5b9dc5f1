/** The value of a filter in the address, if it is one of these. */
export function oneOf<Value extends string>(values: readonly Value[], given: unknown): Value | undefined {
  return values.find((value) => value === given);
}

/** Numbers in an address arrive as numbers. */
export function textOf(given: unknown): string | undefined {
  return typeof given === 'string' || typeof given === 'number' ? String(given) || undefined : undefined;
}
