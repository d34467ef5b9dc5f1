import { ValidateBy } from 'class-validator';

const MAX_LABELS = 64;
const MAX_NAME = 200;
const MAX_VALUE = 4000;
/** How many characters all names and values may have together. A page contains up to 100 alerts. */
export const MAX_LABEL_CHARACTERS = 16_000;

/**
 * Labels or annotations: at most 64, with names of up to 200 characters and values of up to 4,000, and not
 * more than 16,000 in all.
 */
export const IsLabels = (): PropertyDecorator =>
  ValidateBy({
    name: 'isLabels',
    validator: {
      validate: (value) => labelsProblem(value) === null,
      defaultMessage: (args) => `${args?.property ?? 'labels'} ${labelsProblem(args?.value)}`,
    },
  });

function labelsProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const labels = Object.entries(value);
  if (labels.length > MAX_LABELS) return `has ${labels.length} entries; at most ${MAX_LABELS} are allowed`;
  for (const [name, text] of labels) {
    if (name.length === 0 || name.length > MAX_NAME)
      return `has a name of ${name.length} characters; 1 to ${MAX_NAME} are allowed`;
    if (typeof text !== 'string') return `must contain only strings, but ${name} is none`;
    if (text.length > MAX_VALUE)
      return `has a value of ${text.length} characters (${name}); at most ${MAX_VALUE} are allowed`;
  }
  const all = labels.flat().join('').length;
  if (all > MAX_LABEL_CHARACTERS)
    return `has ${all} characters in all; at most ${MAX_LABEL_CHARACTERS} are allowed`;
  return null;
}
