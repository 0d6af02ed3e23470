//! A `mybatis-config.xml` names mapper files, database and pool.

use batis::blocking::Batis;

fn write(folder: &tempfile::TempDir, config: &str) -> std::path::PathBuf {
    let path = folder.path().join("mybatis-config.xml");
    let mapper = r#"<mapper namespace="m"><select id="file">select name from pragma_database_list where file like '%' || #{name}</select></mapper>"#;
    std::fs::write(folder.path().join("m.xml"), mapper).unwrap();
    std::fs::write(&path, config).unwrap();
    path
}

fn config(folder: &tempfile::TempDir, most: &str) -> String {
    let environment = |id: &str, file: &str| {
        let url = format!("jdbc:sqlite:{}", folder.path().join(file).display());
        format!(
            r#"<environment id="{id}"><transactionManager type="JDBC"/><dataSource type="POOLED"><property name="driver" value="org.sqlite.JDBC"/>
            <property name="url" value="{url}"/><property name="poolMaximumActiveConnections" value="{most}"/></dataSource></environment>"#
        )
    };
    format!(
        r#"<configuration><environments default="a">{}{}</environments><mappers><mapper resource="m.xml"/></mappers></configuration>"#,
        environment("a", "first.db"),
        environment("b", "second.db")
    )
}

#[test]
fn a_configuration_file_is_all_there_is_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, &config(&folder, "3"));
    let first = Batis::from_config(&path).open().unwrap();
    assert_eq!(first.pool().max_size(), 3);
    assert_eq!(first.session().select_one::<String>("m.file", &"first.db").unwrap(), "main");
    let second = Batis::from_config(&path).environment("b").pool(|pool| pool.max_size(2)).open().unwrap();
    assert_eq!(second.pool().max_size(), 2);
    assert_eq!(second.session().select_one::<String>("m.file", &"second.db").unwrap(), "main");
}

#[test]
fn what_is_wrong_with_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |config: &str, environment: Option<&str>| {
        let builder = Batis::from_config(write(&folder, config));
        let builder =
            environment.map_or_else(|| Batis::from_config(write(&folder, config)), |id| builder.environment(id));
        builder.open().unwrap_err().to_string()
    };
    let many = told(&config(&folder, "many"), None);
    assert!(
        many.contains("the environment `a`: poolMaximumActiveConnections is no number of connections: `many`"),
        "{many}"
    );
    let none = told("<configuration><mappers><mapper resource=\"m.xml\"/></mappers></configuration>", None);
    assert!(none.contains("the configuration file has no default environment"), "{none}");
    let unknown = told(&config(&folder, "1"), Some("c"));
    assert!(unknown.contains("has no environment `c`"), "{unknown}");
    let foreign = told(&config(&folder, "1").replace("jdbc:sqlite:", "jdbc:oracle:"), None);
    assert!(foreign.contains("oracle"), "{foreign}");
}
