import { type LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { EnvironmentError } from '../config/environment';
import { hidePasswords } from './hide-passwords';
import { currentContext } from '../http/request-context';
import { StandardOutput } from './standard-output';

/** Writes one JSON object per line to stdout, each with the context of the request or job. */
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

/** A logger for Nest that writes to pino. Nest calls `log(message, ...rest, context)`. */
export class JsonLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest logs every module and route at start; these are not state changes.
    const isFramework = ['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory'].includes(
      String(rest.at(-1)),
    );
    this.write(isFramework ? 'debug' : 'info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    // Nest also logs a failed start, but the program that starts the plane reports environment errors itself.
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
    // Each request is logged at `debug`, which is usually off.
    if (!this.pino.isLevelEnabled(level)) return;
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const error = [message, ...rest].find((part) => part instanceof Error);
    const { msg, ...fields } = isFields(message) ? message : {};
    const text = error ? error.message : isFields(message) ? String(msg ?? '') : String(message);
    // The message of an environment error is complete without a stack.
    const details = error && !(error instanceof EnvironmentError) && { err: errorFields(error) };
    this.pino[level]({ ...fields, context, ...details }, hidePasswords(text));
  }
}

/**
 * Drops all other properties of an error, such as the parameters of a failed statement or the output of a
 * command.
 */
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
