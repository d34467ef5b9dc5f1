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

/** Whether a query or body asks for a dry run. Assumes that it is valid, as {@link DryRunQuery} is. */
export function isDryRun(request: unknown): boolean {
  const { dry_run: value } = (request ?? {}) as { readonly dry_run?: unknown };
  return value !== undefined && SWITCH.get(String(value)) === true;
}
