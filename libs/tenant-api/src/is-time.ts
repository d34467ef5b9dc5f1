import { ValidateBy } from 'class-validator';

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** A time in RFC 3339 format. Digits after the milliseconds are ignored. */
export const IsTime = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTime',
    validator: {
      validate: (value) => typeof value === 'string' && RFC3339.test(value) && !isNaN(Date.parse(value)),
      defaultMessage: (args) =>
        `${args?.property ?? 'the value'} must be a time such as 2026-01-31T12:00:00Z (RFC 3339)`,
    },
  });
