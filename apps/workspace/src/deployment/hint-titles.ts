import { type TenantPlaneSchemas } from '@atlas/web';

type Hint = TenantPlaneSchemas['schemas']['DeploymentView']['hints'][number];

/** The headings of the guide's sections that the hints lead to. */
export const HINT_TITLES: Readonly<Record<Hint['kind'], string>> = {
  residency: 'Where the data is',
  connectivity: 'What connects to it',
  backup: 'Who makes backups',
};
