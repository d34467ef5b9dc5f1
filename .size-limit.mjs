import { readFileSync } from 'node:fs';

/** What is loaded for an app, and for the page that it shows first after sign-in. */
const FIRST_LOADS = [
  { app: 'admin-console', names: ['index.html', 'src/pages/overview.tsx'] },
  { app: 'admin-console', names: ['signup.html'] },
  { app: 'workspace', names: ['index.html', 'src/pages/home.tsx'] },
];

/** The scripts that a browser needs for that, according to Vite's manifest. */
export default FIRST_LOADS.map(({ app, names }) => {
  const folder = `dist/apps/${app}`;
  const manifest = JSON.parse(readFileSync(`${folder}/.vite/manifest.json`, 'utf8'));
  const loaded = new Set();
  const load = (name) => {
    const { file, imports = [] } = manifest[name];
    if (loaded.has(file)) return;
    loaded.add(file);
    imports.forEach(load);
  };
  names.forEach(load);
  return {
    name: `scripts of ${app}, ${names[0]}, at first load`,
    path: [...loaded].map((file) => `${folder}/${file}`),
    gzip: true,
    limit: '250 kB',
  };
});
