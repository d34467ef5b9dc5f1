import { type Command } from './command';
import { StackUpCommand } from './stack/stack-up.command';

export const COMMANDS: readonly Command[] = [new StackUpCommand()];
