//! Rows of any kind are folded as a model folds them that looks at everything there is for each row.

mod support;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Clone)]
struct Row {
    id: Option<i64>,
    name: Option<i64>,
    child: Option<i64>,
    child_name: Option<i64>,
    grandchild: Option<i64>,
    tag: Option<i64>,
    owner: Option<i64>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct Parent {
    id: Option<i64>,
    name: Option<i64>,
    owner: Option<Owner>,
    children: Vec<Child>,
    tags: Vec<i64>,
    /// Not read: the owners that were found, of which the last is shown.
    #[serde(skip)]
    owners: Vec<i64>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Owner {
    name: i64,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct Child {
    id: Option<i64>,
    name: Option<i64>,
    grandchildren: Vec<i64>,
}

const MAPPER: &str = r#"
    <resultMap id="parent" type="Parent">
        <id property="id" column="id"/>
        <result property="name" column="name"/>
        <association property="owner" javaType="Owner"><result property="name" column="owner"/></association>
        <collection property="children" ofType="Child" columnPrefix="child_">
            <id property="id" column="id"/>
            <result property="name" column="name"/>
            <collection property="grandchildren" ofType="long"><id column="child_id"/></collection>
        </collection>
        <collection property="tags" ofType="long"><result column="tag"/></collection>
    </resultMap>
    <insert id="add">insert into v values (#{id}, #{name}, #{child}, #{childName}, #{grandchild}, #{tag}, #{owner})</insert>
    <select id="any" resultMap="parent">select * from v order by rowid</select>
    <select id="ordered" resultMap="parent" resultOrdered="true">select * from v order by rowid</select>"#;

/// Each row is compared with all that is there, by value.
fn model(rows: &[Row], only_last: bool) -> Vec<Parent> {
    let mut parents: Vec<Parent> = Vec::new();
    for row in rows {
        let from = if only_last { parents.len().saturating_sub(1) } else { 0 };
        let known = parents[from..].iter().position(|parent| row.id.is_some() && parent.id == row.id);
        let at = known.map_or(parents.len(), |at| at + from);
        if known.is_none() {
            parents.push(Parent { id: row.id, name: row.name, ..Parent::default() });
        }
        add(&mut parents[at], row);
    }
    parents
}

fn add(parent: &mut Parent, row: &Row) {
    if let Some(owner) = row.owner.filter(|owner| !parent.owners.contains(owner)) {
        parent.owners.push(owner);
        parent.owner = Some(Owner { name: owner });
    }
    parent.tags.extend(row.tag.filter(|tag| !parent.tags.contains(tag)));
    let known = parent.children.iter().position(|child| row.child.is_some() && child.id == row.child);
    if known.is_none() && row.child.is_none() && row.child_name.is_none() && row.grandchild.is_none() {
        return;
    }
    let at = known.unwrap_or(parent.children.len());
    if known.is_none() {
        parent.children.push(Child { id: row.child, name: row.child_name, ..Child::default() });
    }
    let child = &mut parent.children[at];
    child.grandchildren.extend(row.grandchild.filter(|grandchild| !child.grandchildren.contains(grandchild)));
}

fn row() -> impl Strategy<Value = Row> {
    // Few values, so that rows often agree.
    let value = |most: i64| weighted(0.8, 0..most);
    (value(3), value(9), value(3), value(9), value(3), value(4), value(3)).prop_map(
        |(id, name, child, child_name, grandchild, tag, owner)| Row {
            id,
            name,
            child,
            child_name,
            grandchild,
            tag,
            owner,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_fold_as_the_model_folds_them(rows in vec(row(), 0..40)) {
        let session = support::blocking("create table v (id, name, child_id, child_name, child_child_id, tag, owner);", MAPPER);
        for row in &rows {
            let Row { id, name, child, child_name, grandchild, tag, owner } = row.clone();
            session.insert("t.add", batis_mapper::params! { id, name, child, child_name, grandchild, tag, owner }).unwrap();
        }
        for (statement, only_last) in [("t.any", false), ("t.ordered", true)] {
            let found: Vec<Parent> = session.select_list(statement, ()).unwrap();
            let mut expected = model(&rows, only_last);
            expected.iter_mut().for_each(|parent| parent.owners.clear());
            prop_assert_eq!(found, expected, "{}", statement);
        }
    }
}
