import { type DataDirectory } from './data-directory';
import { writePrivateFile } from './private-file';
import { type StackRecord } from './stack-state';

/** The content of `data/dev-stack.json`, which scripts and tests read. */
export interface DevStack {
  readonly control_plane: {
    readonly url: string;
    readonly operator_email: string;
    readonly operator_password: string;
    readonly api_key: string;
  };
  readonly tenant_plane: { readonly url: string; readonly tenant_plane_id: string };
  readonly demo_tenant: {
    readonly id: string;
    readonly slug: string;
    readonly url: string;
    readonly admin_email: string;
    readonly admin_password: string;
    readonly token: string;
  };
}

export interface StackUrls {
  readonly controlPlane: string;
  readonly tenantPlane: string;
  readonly demoTenant: string;
}

export function devStackOf(urls: StackUrls, demoSlug: string, record: StackRecord): DevStack {
  const { operator, apiKey = '', tenantPlane, demoTenant } = record;
  return {
    control_plane: {
      url: urls.controlPlane,
      operator_email: operator.email,
      operator_password: operator.password,
      api_key: apiKey,
    },
    tenant_plane: { url: urls.tenantPlane, tenant_plane_id: tenantPlane?.id ?? '' },
    demo_tenant: {
      id: demoTenant?.id ?? '',
      slug: demoSlug,
      url: urls.demoTenant,
      admin_email: demoTenant?.adminEmail ?? '',
      admin_password: demoTenant?.adminPassword ?? '',
      token: demoTenant?.token ?? '',
    },
  };
}

export function writeDevStack(data: DataDirectory, devStack: DevStack): void {
  writePrivateFile(data.devStack, devStack);
}
