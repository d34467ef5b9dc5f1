import { type DynamicModule, type Type } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Transform, plainToInstance } from 'class-transformer';
import {
  IsInt,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
  getMetadataStorage,
  validateSync,
} from 'class-validator';
import { Secret } from '../secrets/secret';
import { fieldErrors } from '../input/validation.pipe';

/**
 * The environment is invalid. Lists all errors at once, so that they can all be fixed before the next start.
 */
export class EnvironmentError extends Error {
  constructor(
    readonly faults: readonly string[],
    heading = 'The environment is not valid',
  ) {
    super(`${heading}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** The variables that a configuration class declares: its properties with a class-validator rule. */
export function environmentVariablesOf(schema: Type<object>): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(schema, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))].filter((name) => name === name.toUpperCase());
}

/**
 * Reads the variables of `schema` from `env`. An empty value counts as unset. So does a value that is only a
 * comment (`NAME=# …`), since Docker does not strip comments from env files. Throws {@link EnvironmentError}.
 */
export function parseEnvironment<T extends object>(schema: Type<T>, env: NodeJS.ProcessEnv): T {
  const given = environmentVariablesOf(schema)
    .map((name) => [name, env[name]] as const)
    .filter(([, value]) => value !== undefined && !/^(#.*)?$/.test(value));
  const config = plainToInstance(schema, Object.fromEntries(given), { exposeDefaultValues: true });
  const faults = validateSync(config).flatMap((error) => fieldErrors(error).map((fault) => fault.message));
  // Several rules may report the same missing variable.
  if (faults.length > 0) throw new EnvironmentError([...new Set(faults)]);
  return config;
}

/** Nest's ConfigModule with `schema` as its validation. The parsed object can be injected by its class. */
export function environmentModule<T extends object>(schema: Type<T>, env: NodeJS.ProcessEnv): DynamicModule {
  const config = parseEnvironment(schema, env);
  return {
    module: EnvironmentModule,
    global: true,
    imports: [ConfigModule.forRoot({ ignoreEnvFile: true, validate: () => ({ ...config }) })],
    providers: [{ provide: schema, useValue: config }],
    exports: [schema],
  };
}

class EnvironmentModule {}

/** A TCP port; 0 lets the system choose. */
export function IsPortNumber(): PropertyDecorator {
  const rules = [Transform(({ value }) => Number(value)), IsInt(), Min(0), Max(65_535)];
  return (target, property) => rules.forEach((rule) => rule(target, property as string));
}

/**
 * The value must pass `check`, which returns a description of the problem, or null. The description must not
 * repeat the value.
 */
export function Checked<T>(
  name: string,
  check: (value: string, config: T) => string | null,
): PropertyDecorator {
  const problem = (given: unknown, args?: ValidationArguments): string | null => {
    const value = given instanceof Secret ? given.reveal() : given;
    const isGiven = typeof value === 'string' || typeof value === 'number';
    return isGiven ? check(String(value), args?.object as T) : 'is required';
  };
  return ValidateBy({
    name,
    validator: {
      validate: (value, args) => problem(value, args) === null,
      defaultMessage: (args) => `${args?.property} ${problem(args?.value, args)}`,
    },
  });
}

/**
 * A variable that must not be printed: it is parsed as a {@link Secret}. Validate it with {@link Checked}.
 */
export function IsSecret(): PropertyDecorator {
  return Transform(({ value }) => (typeof value === 'string' ? new Secret(value) : value));
}

/** A secret must have at least this many characters, so that it cannot be guessed. */
export function IsLongSecret(characters: number, where = ''): PropertyDecorator {
  const problem = `must have at least ${characters} characters${where}`;
  const isLong = Checked('length', (value) => (value.length < characters ? problem : null));
  return (target, property) => [IsSecret(), isLong].forEach((rule) => rule(target, property));
}

/** True for `1` and `true`, false for anything else. */
export function IsSwitch(): PropertyDecorator {
  return Transform(({ value }) => value === true || value === '1' || value === 'true');
}
