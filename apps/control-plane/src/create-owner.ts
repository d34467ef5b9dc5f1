import { CreateOperatorDto } from '@atlas/operator-api';
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { migrateFirst, openDatabase } from '@atlas/persistence';
import { DomainError, EnvironmentError, SystemClock, fieldErrors, parseEnvironment } from '@atlas/platform';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { IssuedLinks } from './accounts/issued-links';
import { Operators } from './accounts/operators';
import { Audit } from './audit/audit';
import { ControlPlaneConfig } from './config/control-plane.config';
import { databaseOptions } from './database.module';

const USAGE = `Creates an operator with the role "owner".

  npm run create-owner -- --email you@example.com [--name "Your Name"] [--password-stdin]

With --password-stdin the password is read from standard input; otherwise one is generated and printed once.
The operator is created in the database at CONTROL_PLANE_DATABASE_URL.
Exit code 3: an operator with this email address already exists.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      email: { type: 'string' },
      name: { type: 'string' },
      'password-stdin': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || !values.email) {
    process.stderr.write(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const given = values['password-stdin'] ? (await text(process.stdin)).trimEnd() : undefined;
  const password = given ?? randomBytes(18).toString('base64url');
  const dto = plainToInstance(CreateOperatorDto, {
    email: values.email,
    name: values.name,
    role: 'owner',
    password,
  });
  const faults = validateSync(dto).flatMap((error) => fieldErrors(error));
  if (faults.length > 0) throw new Error(faults.map((fault) => fault.message).join('\n'));
  await create(dto);
  process.stdout.write(
    `Owner ${dto.email} created.\n${given === undefined ? `Password (shown once): ${password}\n` : ''}`,
  );
}

async function create(dto: CreateOperatorDto): Promise<void> {
  const config = parseEnvironment(ControlPlaneConfig, process.env);
  const options = databaseOptions(config);
  await migrateFirst(options);
  const database = await openDatabase(options);
  try {
    const clock = new SystemClock();
    // The list of link kinds is empty, because a new operator has not issued any links.
    await new Operators(database, clock, new Audit(clock), new IssuedLinks([])).create(dto);
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : (error as Error).message}\n`);
  process.exit(isTaken(error) ? 3 : 1);
});

function isTaken(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'email_taken';
}
