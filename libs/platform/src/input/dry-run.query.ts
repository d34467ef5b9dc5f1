import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';
import { Optional } from './optional.decorator';

const SWITCH = new Map([
  ['true', true],
  ['1', true],
  ['', true],
  ['false', false],
  ['0', false],
]);

export class DryRunQuery {
  @Optional()
  // Any other value is refused, so that a mistyped dry run never runs for real.
  @Transform(({ value }: { value: unknown }) => SWITCH.get(String(value)) ?? value)
  @IsBoolean()
  dry_run: boolean = false;
}

/** Whether a query asks for a dry run. Assumes that the query is a valid {@link DryRunQuery}. */
export function isDryRun(query: unknown): boolean {
  const { dry_run: value } = (query ?? {}) as { readonly dry_run?: unknown };
  return value !== undefined && SWITCH.get(String(value)) === true;
}
