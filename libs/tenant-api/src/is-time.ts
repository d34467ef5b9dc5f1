import { applyDecorators } from '@nestjs/common';
import { MaxLength, ValidateBy } from 'class-validator';

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** A time in RFC 3339 format. Digits after the milliseconds are ignored. */
export const IsTime = (): PropertyDecorator =>
  applyDecorators(
    MaxLength(40),
    ValidateBy({
      name: 'isTime',
      validator: {
        validate: (value) =>
          typeof value === 'string' &&
          RFC3339.test(value) &&
          !isNaN(Date.parse(value)) &&
          isOnCalendar(value),
        defaultMessage: (args) =>
          `${args?.property ?? 'the value'} must be a time such as 2026-01-31T12:00:00Z (RFC 3339)`,
      },
    }),
  );

/** False for a day such as February 30, which `Date` reads as March 2. */
function isOnCalendar(time: string): boolean {
  const date = time.slice(0, 'yyyy-mm-dd'.length);
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}
