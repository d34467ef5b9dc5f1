interface Column {
  readonly propertyName: string;
}

/**
 * For each column of a fully populated row, a change to that column alone. Throws for a null column, so that
 * no column is missed.
 */
export function changesOfEach<T extends object>(columns: readonly Column[], row: T): Partial<T>[] {
  return columns.map(({ propertyName }) => {
    const value = changed((row as Record<string, unknown>)[propertyName]);
    if (value === undefined) throw new Error(`The row has no ${propertyName} that could be changed.`);
    return { [propertyName]: value } as Partial<T>;
  });
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value.slice(0, -1)}${value.endsWith('1') ? '2' : '1'}`;
  if (value instanceof Date) return new Date(value.getTime() + 1);
  return typeof value === 'object' && value !== null ? { ...value, isChanged: true } : undefined;
}
