/** What describes the API for people: made of classes at the very end, and only when somebody asks. */
type Swagger = typeof import('@nestjs/swagger');
type Decorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

const asked: ((swagger: Swagger) => void)[] = [];

/**
 * The decorators of `@nestjs/swagger`, which is not loaded for them: it consists of five hundred files, a fifth of the time
 * in which a plane starts, and few processes are ever asked for their description.
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
export const ApiHeader = laterBy('ApiHeader');
export const ApiProduces = laterBy('ApiProduces');
export const ApiProperty = laterBy('ApiProperty');
export const ApiTags = laterBy('ApiTags');

/** Does now what the decorators above have put off. */
export function decorateBy(swagger: Swagger): void {
  for (const decorate of asked.splice(0)) decorate(swagger);
}
