import { type ApiNotes, apiNotesOf, UuidPipe, operationOf } from '@atlas/platform';
import { ParseIntPipe, type PipeTransform, RequestMethod, type Type } from '@nestjs/common';
import { type INestApplication } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { ModulesContainer } from '@nestjs/core';
import { type Schema } from './schema';

/** An operation as its handler serves it. */
export interface ServedOperation {
  /** `<Controller>_<method>`. */
  readonly id: string;
  readonly status: number;
  readonly notes: Required<ApiNotes>;
  readonly body?: Type<object>;
  readonly query?: Type<object>;
  /** Schemas of the path parameters, from the pipes that check them. */
  readonly path: Readonly<Record<string, Schema>>;
}

interface Argument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly (PipeTransform | Type<PipeTransform>)[];
}

const SCHEMA_OF_PIPE = new Map<unknown, Schema>([
  [UuidPipe, { type: 'string', format: 'uuid' }],
  [ParseIntPipe, { type: 'integer' }],
]);

/** The operations that the app serves, by name. */
export function servedOperations(app: INestApplication): ReadonlyMap<string, ServedOperation> {
  const modules = [...app.get(ModulesContainer).values()];
  const controllers = modules.flatMap(({ controllers }) => [...controllers.values()]);
  const served = controllers.flatMap(({ metatype }) => operationsOf(metatype as Type<object>));
  return new Map(served);
}

function operationsOf(controller: Type<object>): [string, ServedOperation][] {
  const { prototype } = controller as { prototype: Record<string, object> };
  return Object.getOwnPropertyNames(prototype).flatMap((key) => {
    const handler = Object.getOwnPropertyDescriptor(prototype, key)?.value as object | undefined;
    const name = typeof handler === 'function' ? operationOf(handler) : undefined;
    return handler && name !== undefined ? [[name, operationFor(controller, key, handler)] as const] : [];
  }) as [string, ServedOperation][];
}

function operationFor(controller: Type<object>, key: string, handler: object): ServedOperation {
  const types = Reflect.getMetadata(
    'design:paramtypes',
    controller.prototype as object,
    key,
  ) as Type<object>[];
  const declared = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, key) as Record<string, Argument>;
  const argumentsOf = (kind: RouteParamtypes): Argument[] =>
    Object.entries(declared ?? {})
      .filter(([id]) => id.startsWith(`${kind}:`))
      .map(([, argument]) => argument);
  const typeOf = (kind: RouteParamtypes): Type<object> | undefined => {
    const [argument] = argumentsOf(kind);
    return argument && types[argument.index];
  };
  const isPost = Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST;
  return {
    id: `${controller.name}_${key}`,
    status: (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (isPost ? 201 : 200),
    notes: notesOf(controller, handler),
    body: typeOf(RouteParamtypes.BODY),
    query: typeOf(RouteParamtypes.QUERY),
    path: Object.fromEntries(
      argumentsOf(RouteParamtypes.PARAM).map(({ data, pipes }) => [
        String(data),
        SCHEMA_OF_PIPE.get(pipes[0]) ?? { type: 'string' },
      ]),
    ),
  };
}

function notesOf(controller: object, handler: object): Required<ApiNotes> {
  const [all, own] = [apiNotesOf(controller), apiNotesOf(handler)];
  return {
    isExcluded: false,
    takesBearer: false,
    takesIdempotencyKey: false,
    isVersioned: false,
    tags: [],
    consumes: ['application/json'],
    produces: ['application/json'],
    ...all,
    ...own,
    refuses: [...(all.refuses ?? []), ...(own.refuses ?? [])],
  };
}
