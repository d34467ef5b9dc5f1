import { type LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { EnvironmentError } from '../config/environment';
import { hidePasswords } from './hide-passwords';
import { currentContext } from '../http/request-context';
import { StandardOutput } from './standard-output';

/** One JSON object a line on stdout; the context of the request or job is added to each. */
export function createPino(
  name: string,
  level: string,
  to: DestinationStream = new StandardOutput(),
): Logger {
  const options: LoggerOptions = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: contextFields,
  };
  return pino(options, to);
}

/** Nest's logger on pino. Nest calls `log(message, ...rest, context)`. */
export class JsonLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest tells of every module and route at start; that is not a change of state.
    const isFramework = ['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory'].includes(
      String(rest.at(-1)),
    );
    this.write(isFramework ? 'debug' : 'info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    // Nest tells of a start that failed, too; what the environment lacks is said in words by whoever started the plane.
    const isSaidTwice = message instanceof EnvironmentError && rest.at(-1) === 'ExceptionHandler';
    this.write(isSaidTwice ? 'debug' : 'error', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(level: pino.Level, message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const error = [message, ...rest].find((part) => part instanceof Error);
    const { msg, ...fields } = isFields(message) ? message : {};
    const text = error ? error.message : isFields(message) ? String(msg ?? '') : String(message);
    // What the environment lacks is said in full by its message.
    const details = error && !(error instanceof EnvironmentError) && { err: errorFields(error) };
    this.pino[level]({ ...fields, context, ...details }, hidePasswords(text));
  }
}

/** Not what an error carries besides: of a statement that failed its values, of a command its output. */
function errorFields(error: Error): Record<string, unknown> {
  const { type, message, stack, ...rest } = pino.stdSerializers.err(error);
  const code: unknown = rest['code'];
  return { type, code, message: hidePasswords(message), stack: hidePasswords(stack) };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

function contextFields(): Record<string, string | undefined> {
  const { traceId, tenantId, jobId, step } = currentContext() ?? {};
  return { traceId, tenantId, jobId, step };
}
