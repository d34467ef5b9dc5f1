import { HttpProblem } from '../control-plane/http-call';
import { CommandFailure } from '../failure';
import { type Option } from '../options';

/** Makes a refusal by the API name options instead of request fields. Returns other errors unchanged. */
export function inOptions(error: unknown, options: readonly Option[]): unknown {
  if (!(error instanceof HttpProblem) || error.code !== 'validation_failed') return error;
  const named = (note: string): string => {
    const option = options.find(
      ({ field }) => field && [`- ${field}:`, `- ${field} `].some((start) => note.startsWith(start)),
    );
    return option?.field === undefined ? note : `- --${option.name}${note.slice(option.field.length + 2)}`;
  };
  return new CommandFailure('The request is not valid.', { ...error, notes: error.notes.map(named) });
}
