import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(__dirname, '../../..');
export const DOCKER = join(ROOT, 'docker');

export interface Service {
  readonly [key: string]: unknown;
  readonly extends?: { readonly file?: string; readonly service: string };
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export function dockerFiles(suffix: string): string[] {
  return readdirSync(DOCKER).filter((file) => file.endsWith(suffix));
}

export function textOf(file: string): string {
  return readFileSync(join(DOCKER, file), 'utf8');
}

export function servicesOf(file: string): Record<string, Service> {
  return (parse(textOf(file)) as { services: Record<string, Service> }).services;
}

interface Compose {
  /** The project name, which Docker uses as the prefix of volume names. */
  readonly name: string;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

export function composeOf(file: string): Compose {
  return parse(textOf(file)) as Compose;
}

/** A service combined with the service that it extends. Only their environments are merged. */
export function resolved(file: string, name: string): Service {
  const service = servicesOf(file)[name];
  if (!service) throw new Error(`${file} has no service ${name}.`);
  if (!service.extends) return service;
  const from = resolved(service.extends.file ?? file, service.extends.service);
  return { ...from, ...service, environment: { ...from.environment, ...service.environment } };
}
