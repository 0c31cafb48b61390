/** The apps of the matrix. Together they meet each way of installing, building and configuring that must work. */

const typed = (body) => `import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  /* config options here */
${body}};

export default nextConfig;
`
const catchAll = `export default async function Page({ params }) {
  return <p>{(await params).path.join('/')}</p>
}
`
const typedCatchAll = catchAll.replace('{ params }', '{ params }: { params: Promise<{ path: string[] }> }')
const paths = `  basePath: "/shop",
  trailingSlash: true,
`
const compiler = { 'babel-plugin-react-compiler': '^1.0.0' }

/** Pages beside app: a page that asks the server for its tab, and a handler that changes it. */
const mixedPages = {
  'pages/old.tsx': `import { heldFetch, useConnection, useServerState } from "heldstate/react";
import { getState } from "heldstate/server";
import type { GetServerSideProps } from "next";
import { counter } from "../app/counter.state";

export const getServerSideProps: GetServerSideProps = async (context) => ({
  props: { server: (await getState(counter, context)).max },
});

export default function Old({ server }: { server: number }) {
  const { max } = useServerState(counter);
  const { status } = useConnection();
  return <button onClick={() => heldFetch("/api/raise", { method: "POST" })}>server {server}, page {max}, {status}</button>;
}
`,
  'pages/api/raise.ts': `import { modifyState } from "heldstate/server";
import type { NextApiRequest, NextApiResponse } from "next";
import { counter } from "../../app/counter.state";

export default async function raise(req: NextApiRequest, res: NextApiResponse) {
  res.json(await modifyState(counter, (s) => (s.max += 5), { req }));
}
`,
}

async function driveMixedPages(page, address) {
  await page.goto(`${address}/old`)
  const button = page.getByRole('button')
  await button.getByText('server 10, page 10, live').click({ timeout: 60_000 })
  await button.getByText('server 10, page 15, live').waitFor({ timeout: 60_000 })
  await page.reload()
  await button.getByText('server 15, page 15, live').waitFor({ timeout: 60_000 })
}

/** As Turborepo lays an app out: a package beside it has a state module, and sources alone. PACKED stands for the tarball. */
const workspace = {
  'package.json': JSON.stringify({ name: 'workspace', private: true, workspaces: ['apps/*', 'packages/*'] }),
  'pnpm-workspace.yaml': 'packages:\n  - "apps/*"\n  - "packages/*"\n',
  'packages/basket/package.json': JSON.stringify({
    name: '@repo/basket',
    version: '0.0.0',
    private: true,
    type: 'module',
    exports: { '.': './src/index.ts', './*': './src/*.ts' },
    dependencies: { heldstate: 'PACKED' },
  }),
  'packages/basket/src/index.ts': 'export * from "./basket.state";\n',
  'packages/basket/src/first.ts': 'export const first = ["apple"];\n',
  'packages/basket/src/basket.state.ts': `import { defineState } from "heldstate";
import { first } from "./first";

export const basket = defineState("basket", () => ({ items: first })).events((on) => ({
  put: on((s, name: string) => {
    s.items.push(name);
  }),
}));
`,
}
/** The state by its file, and by a state module that has it through files and a package between. */
const basketPage = {
  'app/basket/all.state.ts': 'export * from "./shop";\n',
  'app/basket/shop/index.ts': 'export * from "./deeper";\n',
  'app/basket/shop/deeper.ts': 'export * from "@repo/basket";\n',
  'app/basket/basket.tsx': `"use client";

import { basket } from "@repo/basket/basket.state";
import { useServerState } from "heldstate/react";
import { basket as again } from "./all.state";

export function Basket() {
  const { items, put } = useServerState(basket);
  return <button onClick={() => put("pear")}>{items.join(", ")} and {useServerState(again).items.length}</button>;
}
`,
  'app/basket/page.tsx': `import { Basket } from "./basket";

export default function Page() {
  return <Basket />;
}
`,
}
const inWorkspace = {
  folder: 'apps/web',
  workspace,
  files: { 'next.config.ts': typed('  transpilePackages: ["@repo/basket"],\n'), ...basketPage },
  async drive(page, address) {
    await page.goto(`${address}/basket`)
    const items = (text) => page.getByText(text, { exact: true })
    await items('apple and 1').click({ timeout: 60_000 })
    await items('apple, pear and 2').waitFor({ timeout: 60_000 })
    await page.reload()
    await items('apple, pear and 2').waitFor({ timeout: 60_000 })
  },
}

export const cells = [
  { name: 'newest', typescript: '7.0.2', files: { 'next.config.ts': typed('') } },
  {
    name: 'cjs-javascript',
    files: {
      'next.config.js': `/** @type {import('next').NextConfig} */\nconst nextConfig = {\n  reactStrictMode: true,\n}\n\nmodule.exports = nextConfig\n`,
    },
  },
  { name: 'create-next-app', created: true, typescript: true },
  { name: 'no-config-webpack', typescript: '5.9.3', webpack: true },
  { name: 'pnpm-src', manager: 'pnpm@10', typescript: '5.9.3', src: true, files: { 'next.config.ts': typed('') } },
  {
    name: 'pnpm-webpack',
    manager: 'pnpm@10',
    typescript: '7.0.2',
    webpack: true,
    files: { 'next.config.ts': typed('') },
  },
  { name: 'pnpm-12', manager: 'pnpm@12', typescript: '7.0.2', files: { 'next.config.ts': typed('') } },
  { name: 'lowest', next: '16.2.0', react: '19.0.0', typescript: '5.9.3', files: { 'next.config.ts': typed('') } },
  {
    name: 'lowest-webpack',
    next: '16.2.0',
    react: '19.0.0',
    typescript: '5.9.3',
    webpack: true,
    src: true,
    files: { 'next.config.mjs': 'export default async () => ({ reactStrictMode: true })\n' },
  },
  {
    name: 'paths',
    typescript: '7.0.2',
    basePath: '/shop',
    files: { 'next.config.ts': typed(paths), 'app/[...path]/page.tsx': typedCatchAll },
  },
  {
    name: 'paths-webpack',
    typescript: '5.9.3',
    basePath: '/shop',
    webpack: true,
    files: { 'next.config.ts': typed(paths), 'app/[...path]/page.tsx': typedCatchAll },
  },
  {
    name: 'catch-all',
    typescript: '7.0.2',
    files: { 'next.config.ts': typed('  trailingSlash: true,\n'), 'app/[...path]/page.tsx': typedCatchAll },
  },
  {
    name: 'cache-components',
    typescript: '7.0.2',
    packages: compiler,
    files: { 'next.config.ts': typed('  cacheComponents: true,\n  reactCompiler: true,\n') },
  },
  {
    name: 'cache-components-webpack',
    typescript: '7.0.2',
    webpack: true,
    packages: compiler,
    files: { 'next.config.ts': typed('  cacheComponents: true,\n  reactCompiler: true,\n') },
  },
  {
    name: 'declaration',
    typescript: '7.0.2',
    compilerOptions: { declaration: true, declarationMap: true },
    files: { 'next.config.ts': typed('') },
  },
  {
    name: 'composite',
    typescript: '5.9.3',
    compilerOptions: { composite: true },
    files: { 'next.config.ts': typed('') },
  },
  {
    name: 'isolated-declarations',
    typescript: '7.0.2',
    compilerOptions: { allowJs: false, declaration: true, isolatedDeclarations: true }, // TypeScript takes no allowJs with it
    files: {
      'next.config.ts': typed(''),
      'app/layout.tsx': `import type { ReactNode } from "react";

export default function RootLayout({ children }: { children: ReactNode }): ReactNode {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
      'app/page.tsx': `import type { ReactNode } from "react";

export default function Home(): ReactNode {
  return <p>Home</p>;
}
`,
    },
  },
  { name: 'workspace', typescript: '5.9.3', dependencies: { '@repo/basket': '*' }, ...inWorkspace },
  {
    name: 'workspace-pnpm',
    manager: 'pnpm@12',
    typescript: '5.9.3',
    webpack: true,
    dependencies: { '@repo/basket': 'workspace:*' },
    ...inWorkspace,
  },
  {
    name: 'static-export',
    typescript: '7.0.2',
    refused: /next\.config\S* has output: 'export', which builds static files without a server, .* Remove output/,
    files: { 'next.config.ts': typed('  output: "export",\n') },
  },
  {
    name: 'mixed-pages',
    typescript: '7.0.2',
    files: { 'next.config.ts': typed(''), ...mixedPages },
    drive: driveMixedPages,
  },
  { name: 'attached', attached: 'next', typescript: '7.0.2', src: true, files: { 'next.config.ts': typed('') } },
  {
    name: 'attached-paths',
    attached: 'next',
    typescript: '5.9.3',
    basePath: '/shop',
    webpack: true,
    files: { 'next.config.ts': typed(paths), 'app/[...path]/page.tsx': typedCatchAll },
  },
  {
    name: 'standalone',
    attached: 'standalone',
    typescript: '7.0.2',
    files: {
      'next.config.ts': typed('  output: "standalone",\n  trailingSlash: true,\n'),
      'app/[...path]/page.tsx': typedCatchAll,
    },
  },
  {
    name: 'standalone-webpack',
    attached: 'standalone',
    typescript: '5.9.3',
    webpack: true,
    files: { 'next.config.ts': typed('  output: "standalone",\n') },
  },
  {
    name: 'standalone-pnpm',
    attached: 'standalone',
    manager: 'pnpm@10',
    typescript: '5.9.3',
    files: { 'next.config.ts': typed('  output: "standalone",\n') },
  },
  {
    name: 'standalone-lowest',
    attached: 'standalone',
    next: '16.2.0',
    typescript: '5.9.3',
    files: { 'next.config.ts': typed('  output: "standalone",\n') },
  },
  { name: 'node-20.9', node: '20.9.0', typescript: '5.9.3', files: { 'next.config.ts': typed('') } },
  { name: 'node-22', node: '22.23.5', typescript: '5.9.3', files: { 'next.config.ts': typed('') } },
  { name: 'node-24', node: '24.22.3', typescript: '7.0.2', webpack: true, files: { 'next.config.ts': typed('') } },
]
