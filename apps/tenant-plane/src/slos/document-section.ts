import { DomainError } from '@atlas/platform';

type Fields = Readonly<Record<string, unknown>>;

/** A part of an OpenSLO document that knows where it is, so that each refusal names the field. */
export class DocumentSection {
  private constructor(
    private readonly fields: Fields,
    private readonly path: string,
  ) {}

  /** Throws `openslo_invalid` if the value has no fields. */
  static of(value: unknown, path = ''): DocumentSection {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid(path, 'it must be a mapping');
    return new DocumentSection(value as Fields, path);
  }

  /** Refuses all other fields, because ignoring one could change what the document means. */
  allow(...names: string[]): void {
    const other = Object.keys(this.fields).find((name) => !names.includes(name));
    if (other !== undefined) throw this.unsupported(other, 'Remove the field.');
  }

  expect(name: string, value: string | boolean): void {
    if (this.fields[name] !== value) throw this.unsupported(name, `It must be ${value}.`);
  }

  refuseItems(name: string, advice: string): void {
    const items = this.fields[name] ?? [];
    if (!Array.isArray(items) || items.length > 0) throw this.unsupported(name, advice);
  }

  section(name: string): DocumentSection {
    return DocumentSection.of(this.fields[name], this.pathOf(name));
  }

  /** The item of a list that has exactly one. */
  onlyItem(name: string): DocumentSection {
    const items = this.fields[name];
    if (!Array.isArray(items) || items.length === 0) throw invalid(this.pathOf(name), 'it must be a list');
    if (items.length > 1) throw this.unsupported(name, 'It must have exactly one item.');
    return DocumentSection.of(items[0], `${this.pathOf(name)}[0]`);
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== 'string') throw invalid(this.pathOf(name), 'it must be text');
    return value;
  }

  textIfAny(name: string): string | undefined {
    return this.fields[name] === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.fields[name];
    if (typeof value !== 'number') throw invalid(this.pathOf(name), 'it must be a number');
    return value;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined;
  }

  is(name: string, value: boolean): boolean {
    return this.fields[name] === value;
  }

  /** The error for a field, or a value of it, that Atlas does not support. */
  unsupported(name: string, advice: string): DomainError {
    const field = this.pathOf(name);
    const detail = `Atlas does not support ${field} as it is in this document. ${advice}`;
    return new DomainError('openslo_unsupported', 'unprocessable', detail, { field });
  }

  private pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function invalid(field: string, reason: string): DomainError {
  const detail = `${field || 'The document'} is not valid: ${reason}.`;
  return new DomainError('openslo_invalid', 'invalid', detail, { field });
}
