import { type Command, type Terminal } from './command';
import { operatorCommands } from './operator/commands';
import { StackUpCommand } from './stack/stack-up.command';

export function atlasCommands(terminal: Terminal): readonly Command[] {
  return [new StackUpCommand(), ...operatorCommands(terminal)];
}
