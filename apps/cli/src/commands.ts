import { type Terminal } from './command';
import { withCompletion } from './completion/completion.command';
import { operatorCommands } from './operator/commands';
import { type Program } from './program';
import { StackUpCommand } from './stack/stack-up.command';

export function atlasProgram(terminal: Terminal): Program {
  return withCompletion(terminal, {
    name: 'atlas',
    about: 'Operates an Atlas Control Plane: its tenants, tenant planes, jobs and operators.',
    commands: [new StackUpCommand(), ...operatorCommands(terminal)],
  });
}
