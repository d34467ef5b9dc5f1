import { slugProblem } from '@atlas/tenancy';
import { ValidateBy } from 'class-validator';

export const IsSlug = (): PropertyDecorator =>
  ValidateBy({
    name: 'isSlug',
    validator: {
      validate: (value) => typeof value === 'string' && slugProblem(value) === null,
      defaultMessage: (args) => `slug: ${slugProblem(String(args?.value)) ?? 'use a string'}`,
    },
  });
