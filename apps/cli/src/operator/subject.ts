import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { type TenantView } from '../control-plane/views';
import { HttpProblem } from '../control-plane/http-call';
import { CommandFailure } from '../failure';

/** The target of an operation. */
export interface Subject {
  readonly id: string;
  /** The target's human-readable name. */
  readonly name: string;
}

const FINDERS = {
  tenant: async (client: ControlPlaneClient, idOrSlug: string): Promise<Subject> => {
    const { id, slug } = await findTenant(client, idOrSlug);
    return { id, name: slug };
  },
  plane: async (client: ControlPlaneClient, idOrName: string): Promise<Subject> => {
    for await (const plane of client.list('GET /api/tenant-planes'))
      if ([plane.id, plane.name].includes(idOrName)) return plane;
    throw notFound(`There is no tenant plane "${idOrName}".`, 'atlas planes');
  },
  operator: async (client: ControlPlaneClient, idOrEmail: string): Promise<Subject> => {
    for await (const { id, email } of client.list('GET /api/operators'))
      if ([id, email].includes(idOrEmail.toLowerCase())) return { id, name: email };
    throw notFound(`There is no operator "${idOrEmail}".`, 'atlas operators');
  },
  key: async (_: ControlPlaneClient, id: string): Promise<Subject> => asItIs(id),
  subscription: async (_: ControlPlaneClient, id: string): Promise<Subject> => asItIs(id),
  aiProvider: async (client: ControlPlaneClient, idOrName: string): Promise<Subject> => {
    const { items } = await client.call('GET /api/ai/providers');
    const found = items.find(({ id, name }) => [id, name].includes(idOrName));
    if (!found) throw notFound(`There is no AI provider "${idOrName}".`, 'atlas ai-providers list');
    return found;
  },
  job: async (_: ControlPlaneClient, id: string): Promise<Subject> => asItIs(id),
};

function notFound(message: string, list: string, code = 'not_found'): CommandFailure {
  return new CommandFailure(message, { code, hint: `List them: ${list}` });
}

function asItIs(id: string): Subject {
  return { id, name: id };
}

export type SubjectKind = keyof typeof FINDERS;

export function findSubject(client: ControlPlaneClient, kind: SubjectKind, text: string): Promise<Subject> {
  return FINDERS[kind](client, text);
}

/** Throws {@link CommandFailure}. */
export async function findTenant(client: ControlPlaneClient, idOrSlug: string): Promise<TenantView> {
  try {
    return await client.call('GET /api/tenants/:id_or_slug', { path: { id_or_slug: idOrSlug } });
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.code !== 'tenant_not_found') throw error;
    throw notFound(`There is no tenant "${idOrSlug}".`, 'atlas tenants', error.code);
  }
}
