import { HttpProblem } from '../control-plane/http-call';
import { CommandFailure } from '../failure';
import { type Operand, type Option } from '../options';

/**
 * Makes a refusal by the API name options instead of request fields, and say where the operand is found.
 * Returns other errors unchanged.
 */
export function inOptions(error: unknown, options: readonly Option[], operand?: Operand): unknown {
  if (!(error instanceof HttpProblem) || error.code !== 'validation_failed') return error;
  const named = (note: string): string => {
    const option = options.find(
      ({ field }) => field && [`- ${field}:`, `- ${field} `].some((start) => note.startsWith(start)),
    );
    return option?.field === undefined ? note : `- --${option.name}${note.slice(option.field.length + 2)}`;
  };
  const isOperand = operand && error.notes.some((note) => note.startsWith(`- ${operand.name} `));
  const hint = isOperand ? `Pass the ${operand.text}.` : error.hint;
  return new CommandFailure('The request is not valid.', { ...error, hint, notes: error.notes.map(named) });
}
