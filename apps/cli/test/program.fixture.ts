import { type Command } from '../src/command';
import { type Program } from '../src/program';

/** An `atlas` with these commands. */
export function atlasWith(...commands: readonly Command[]): Program {
  return { name: 'atlas', about: 'Operates a Control Plane.', commands };
}
