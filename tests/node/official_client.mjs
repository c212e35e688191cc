// Drives an Octopus Server with Octopus' own client. Arguments: the folder in which the client is installed, and the
// server's URL; the key is in OCTOPUS_API_KEY. Fails on the first thing that is not as the client's types promise.
// Prints one JSON object: what was made, by kind, and which repository classes and methods were used (recorded.mjs).
import assert from "node:assert/strict";
import { load } from "./recorded.mjs";

const [folder, instanceURL] = process.argv.slice(2);
const library = load(folder);
const {
    Client, DeploymentProcessRepository, EnvironmentRepository, LifecycleRepository,
    ProjectGroupRepository, ProjectRepository, RunbookProcessRepository, RunbookRepository,
    SpaceRepository, SpaceScopedBasicRepository, TagSetRepository, TenantRepository, spaceScopedRoutePrefix,
} = library;
const { FeedRepository } = library.classes; // which the package does not export

const space = "Default";
const client = await Client.create({ instanceURL, apiKey: process.env.OCTOPUS_API_KEY, userAgentApp: "sandbox-check" });
const made = {};

// Create, get, list by id and by part of the name, modify; the modified document.
async function roundTrip(kind, repository, resource, change) {
    const created = await repository.save(resource);
    assert.equal(created.Name, resource.Name, kind);
    const found = await repository.get(created.Id);
    assert.deepEqual(found, created, kind);
    const byId = await repository.list({ ids: [created.Id], skip: 0, take: 10 });
    assert.deepEqual(byId.Items.map((item) => item.Id), [created.Id], kind);
    const byName = await repository.list({ partialName: resource.Name.slice(1).toUpperCase(), take: 2147483647 });
    assert.ok(byName.Items.some((item) => item.Id === created.Id), kind);
    assert.equal(byName.TotalResults, byName.Items.length, kind);
    const modified = await repository.save({ ...found, ...change });
    for (const [key, value] of Object.entries(change)) assert.deepEqual(modified[key], value, `${kind}.${key}`);
    assert.deepEqual(await repository.get(created.Id), modified, kind);
    made[kind] = modified.Id;
    return modified;
}

async function gone(kind, repository, resource) {
    await repository.del(resource);
    await assert.rejects(() => repository.get(resource.Id), (error) => error.StatusCode === 404, kind);
}

const information = await client.getServerInformation();
assert.match(information.version, /^\d+\.\d+/);
const spaces = await new SpaceRepository(client).list({ partialName: space });
assert.equal(spaces.Items[0].Name, space);

const environments = new EnvironmentRepository(client, space);
const environment = await roundTrip("environment", environments, { Name: "Testing" }, { Description: "Second" });
const lifecycles = new LifecycleRepository(client, space);
const lifecycle = await roundTrip("lifecycle", lifecycles, { Name: "Quick" }, { Description: "Short" });
const groups = new ProjectGroupRepository(client, space);
const group = await roundTrip("group", groups, { Name: "Shops" }, { Description: "All of them" });
const feeds = new FeedRepository(client, space);
const feed = await roundTrip(
    "feed", feeds, { Name: "Packages", FeedType: "NuGet", FeedUri: "https://feed.example" }, { Name: "More packages" });
const tagSets = new TagSetRepository(client, space);
const tagSet = await roundTrip("tag set", tagSets, { Name: "Region" }, { Description: "Where" });

const projects = new ProjectRepository(client, space);
const project = await roundTrip(
    "project", projects, { Name: "Web", ProjectGroupId: group.Id, LifecycleId: lifecycle.Id }, { Description: "Shop" });
const action = {
    Name: "Say", ActionType: "Octopus.Script", Properties: { "Octopus.Action.Script.ScriptBody": "echo" },
};
const step = { Name: "Say", Properties: {}, Condition: "Success", StartTrigger: "StartAfterPrevious", Actions: [action] };
const processes = new DeploymentProcessRepository(client, space);
const process_ = await processes.get(project);
const saved = await processes.update(project, { ...process_, Steps: [step] });
assert.equal(saved.Version, process_.Version + 1);
assert.equal(saved.Steps[0].Actions[0].Name, "Say");
await assert.rejects(() => processes.update(project, process_), (error) => error.StatusCode === 400);

const runbooks = new RunbookRepository(client, space, project);
const retention = { QuantityToKeep: 100, ShouldKeepForever: false };
const runbook = await roundTrip(
    "runbook", runbooks, { Name: "Restart", ProjectId: project.Id, RunRetentionPolicy: retention },
    { Description: "Again" });
const runbookProcesses = new RunbookProcessRepository(client, space, project);
const runbookProcess = await runbookProcesses.get(runbook);
assert.equal(runbookProcess.RunbookId, runbook.Id);
assert.equal((await runbookProcesses.update({ ...runbookProcess, Steps: [step] })).Steps.length, 1);

const tenants = new TenantRepository(client, space);
const tenant = await roundTrip(
    "tenant", tenants, { Name: "Acme", TenantTags: [], ProjectEnvironments: {} }, { Description: "Customer" });

// The client has no class for these two; its own base class and request methods serve them as they serve the others.
const librarySets = new SpaceScopedBasicRepository(
    client, space, `${spaceScopedRoutePrefix}/libraryvariablesets`, "skip,take,ids,partialName,contentType");
const librarySet = await roundTrip("library set", librarySets, { Name: "Shared" }, { Description: "By all" });
const path = `${spaceScopedRoutePrefix}/variables/{id}`;
for (const id of [project.VariableSetId, librarySet.VariableSetId]) {
    const variables = await client.request(path, { spaceName: space, id });
    const row = { Name: "Url", Value: "https://x", Type: "String", Scope: { Environment: [environment.Id] } };
    const after = await client.doUpdate(path, { ...variables, Variables: [row] }, { spaceName: space, id });
    assert.equal(after.Version, variables.Version + 1);
    assert.deepEqual(after.Variables[0].Scope, { Environment: [environment.Id] });
}

await assert.rejects(
    () => environments.create({ Name: "testing" }), (error) => error.StatusCode === 400 && /already exists/.test(error.message));
await gone("tenant", tenants, tenant);
await gone("runbook", runbooks, runbook);
await gone("project", projects, project);
await gone("library set", librarySets, librarySet);
await gone("tag set", tagSets, tagSet);
await gone("feed", feeds, feed);
await gone("group", groups, group);
await gone("lifecycle", lifecycles, lifecycle);
await gone("environment", environments, environment);
console.log(JSON.stringify({ made, repositories: library.report() }));
