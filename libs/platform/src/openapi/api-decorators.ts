import { constraintsOf } from './api-constraints';
import { type ErrorKind, STATUS_OF_KIND } from '../errors/errors';

/** The API description for people, built from classes last and only on request. */
type Swagger = typeof import('@nestjs/swagger');
type ApiPropertyOptions = import('@nestjs/swagger').ApiPropertyOptions;
type Decorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

const asked: ((swagger: Swagger) => void)[] = [];

/**
 * The decorators of `@nestjs/swagger`, deferred so that it need not be loaded: it consists of five hundred
 * files, a fifth of a plane's start-up time, and few processes are ever asked for their description.
 */
const laterBy =
  <Name extends keyof Swagger>(name: Name) =>
  (...args: Swagger[Name] extends (...given: infer Given) => unknown ? Given : never): Decorator =>
  (target, key, descriptor) => {
    asked.push((swagger) => {
      const factory = swagger[name] as (...given: unknown[]) => Decorator;
      factory(...args)(target, key, descriptor);
    });
  };

export const ApiBearerAuth = laterBy('ApiBearerAuth');
export const ApiBody = laterBy('ApiBody');
export const ApiConsumes = laterBy('ApiConsumes');
export const ApiExcludeController = laterBy('ApiExcludeController');
const ApiHeader = laterBy('ApiHeader');
export const ApiTags = laterBy('ApiTags');

/** Media types other than JSON. Nest's own decorator has no effect where no type is given with it. */
export const ApiProduces = (...types: string[]): Decorator => laterBy('ApiExtension')('x-produces', types);

/** A request may be repeated with the same key. */
export const ApiIdempotencyKey = (): Decorator =>
  ApiHeader({
    name: 'idempotency-key',
    required: false,
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
  });

/** Type, limits and patterns come from the validation rules on the property. */
export const ApiProperty =
  (options: ApiPropertyOptions = {}): PropertyDecorator =>
  (target, property) => {
    asked.push(({ ApiProperty: describe }) => {
      const described = { ...constraintsOf(target, property), ...options };
      describe(described as ApiPropertyOptions)(target, property);
    });
  };

/** How the operation may refuse, beyond what follows from its form. */
export const Refuses = (...kinds: ErrorKind[]): Decorator => {
  const all = kinds.map((kind) => laterBy('ApiResponse')({ status: STATUS_OF_KIND[kind] }));
  return (...target) => all.forEach((decorate) => decorate(...target));
};

/** Applies the deferred decorators. */
export function decorateBy(swagger: Swagger): void {
  for (const decorate of asked.splice(0)) decorate(swagger);
}
